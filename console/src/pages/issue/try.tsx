import { type FormEvent, useState } from 'react'
import { Link } from 'react-router'
import { api, body, type Schemas } from '../../api/client'
import type { AuditEvent } from '../../api/event'
import { useMay, useSession } from '../../app/session'
import { Outcome } from '../../ui/badge'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault, sentence } from '../../ui/fault'
import { Field } from '../../ui/field'
import { Words } from '../../ui/words'
import { eventPath } from '../audit/event-table'
import { attributesOf, requestFor, terminal } from './sample'

interface TryProps {
  token: string
  order: Schemas['IssuePassport']
  passportId: string
}

/** Tries a request on the passport at the issuer; who may write the log puts the decision there, as a service would. */
export function Try({ token, order }: TryProps) {
  const may = useMay()
  const session = useSession()
  const [sample] = useState(() => requestFor(order))
  const [action, setAction] = useState(sample.action)
  const [resource, setResource] = useState(sample.resource)
  const [attributes, setAttributes] = useState(sample.attributes)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [decided, setDecided] = useState<AuditEvent>()
  const recording = may('audit.write')
  const audience = order.audience?.[0] ?? ''

  const request = () => ({
    action: action.trim(),
    ...(resource.trim() === '' ? {} : { resource: resource.trim() }),
    ...attributesOf(attributes),
  })
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      const decision = await body(api.POST('/v1/verify', { body: { passport: token, audience, request: request() } }))
      if (recording) {
        await body(
          api.POST('/v1/audit/events', {
            body: { reporter: session.agentId, events: [{ ...decision, seq: Date.now() }] },
          }),
        )
      }
      setDecided({ ...(decision as unknown as AuditEvent), reporter: session.agentId })
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }

  if (audience === '') return null
  return (
    <div className="grid-2">
      {may('verify') && (
        <Card
          title="Try it"
          lead={
            recording
              ? 'The decision goes to the audit log, reported by you.'
              : 'The decision is answered here and not recorded.'
          }
        >
          <form className="stack" onSubmit={submit}>
            <Field label="Action">
              {(control) => (
                <input
                  {...control}
                  className="mono"
                  required
                  value={action}
                  spellCheck={false}
                  autoCapitalize="off"
                  onChange={(event) => setAction(event.target.value)}
                />
              )}
            </Field>
            <Field label="Resource" optional>
              {(control) => (
                <input
                  {...control}
                  className="mono"
                  value={resource}
                  spellCheck={false}
                  autoCapitalize="off"
                  onChange={(event) => setResource(event.target.value)}
                />
              )}
            </Field>
            <Field
              label="Attributes"
              optional
              hint={
                <>
                  One a line: <code>amount=742</code>
                </>
              }
            >
              {(control) => (
                <textarea
                  {...control}
                  className="mono"
                  rows={3}
                  value={attributes}
                  spellCheck={false}
                  autoCapitalize="off"
                  onChange={(event) => setAttributes(event.target.value)}
                />
              )}
            </Field>
            <p>
              <button type="submit" className="button is-first" disabled={busy}>
                {busy ? 'Deciding …' : 'Decide'}
              </button>
            </p>
          </form>
          {error !== undefined && <Fault error={error} />}
          <div role="status">
            {decided !== undefined && <Answer decided={decided} recorded={recording && may('audit.read')} />}
          </div>
        </Card>
      )}
      <Card
        title="From a terminal"
        lead="The same by hand. Save the token as agent.passport first; admin.passport is your own."
      >
        <CodeBlock text={terminal(session, audience, request())} what="the commands" />
        <p className="small muted">
          A service does this by itself: with the verifier library it decides offline and reports in the background.
        </p>
      </Card>
    </div>
  )
}

function Answer({ decided, recorded }: { decided: AuditEvent; recorded: boolean }) {
  return (
    <div className={`notice is-${decided.outcome === 'allow' ? 'good' : decided.outcome === 'deny' ? 'bad' : 'care'}`}>
      <div className="stack">
        <p className="row">
          <Outcome of={decided.outcome} /> <code>{decided.reason}</code>
        </p>
        <p>
          <Words text={sentence(decided.message ?? '')} />
        </p>
        {recorded && (
          <p>
            <Link to={eventPath(decided)}>See it in the audit log</Link>
          </p>
        )}
      </div>
    </div>
  )
}

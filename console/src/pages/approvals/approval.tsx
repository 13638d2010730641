import { useState } from 'react'
import { Link } from 'react-router'
import type { Approval } from '../../api/client'
import { useMay, useSession } from '../../app/session'
import { seconds } from '../../lib/time'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { CodeBlock, Id } from '../../ui/copy'
import { Icon } from '../../ui/icon'
import { Moment, useNow, When } from '../../ui/time'
import { Described } from '../../ui/words'
import { asked } from './approval-list'
import { Decide } from './decide'

const reserved = new Set(['action', 'resource', 'agentId', 'requestId', 'approval', 'proof'])

/** One request: what exactly is asked, what the agent may do anyway, and the answer. */
export function ApprovalInFull({ approval }: { approval: Approval }) {
  const may = useMay()
  const session = useSession()
  const now = useNow()
  const [deciding, setDeciding] = useState<'approve' | 'deny'>()
  const pending = approval.state === 'pending' && seconds(approval.expiresAt) > now
  const own = approval.agentId === session.agentId
  const already = approval.approvedBy.includes(session.agentId)
  const attributes = Object.entries(approval.request).filter(([name]) => !reserved.has(name))
  return (
    <div className="stack-l">
      <Card
        title={`${approval.agentId} wants to ${asked(approval)}`}
        aside={<State of={approval.state} />}
        {...(pending ? { tone: 'care' as const } : {})}
      >
        {attributes.length > 0 && (
          <dl className="facts attributes">
            {attributes.map(([name, value]) => (
              <div key={name} className="attribute">
                <dt>{name}</dt>
                <dd className="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        )}
        <dl className="facts">
          <dt>At</dt>
          <dd>{approval.audience}</dd>
          <dt>Asked</dt>
          <dd>
            <When at={approval.askedAt} />
          </dd>
          {pending && (
            <>
              <dt>Lapses</dt>
              <dd>
                <When at={approval.expiresAt} />
              </dd>
            </>
          )}
          {approval.approversNeeded > 1 && (
            <>
              <dt>People needed</dt>
              <dd>
                {approval.approversNeeded} different ones
                {approval.approvedBy.length > 0 && `; ${approval.approvedBy.join(', ')} said yes`}
              </dd>
            </>
          )}
          <dt>With passport</dt>
          <dd>
            {may('passports.read') ? (
              <Link to={`/passports/${encodeURIComponent(approval.passportId)}`}>
                <code>{approval.passportId}</code>
              </Link>
            ) : (
              <Id of={approval.passportId} what="the passport’s id" />
            )}
          </dd>
        </dl>
        <details>
          <summary>The exact request</summary>
          <CodeBlock text={JSON.stringify(approval.request, null, 2)} what="the request" />
          <p className="small muted">
            The approval is bound to it by its hash, <code>{approval.requestHash}</code>: for anything else it is worth
            nothing.
          </p>
        </details>
        {!pending && <Decided approval={approval} />}
        {pending && may('approvals.decide') && (own || already) && (
          <p className="muted">
            {own
              ? 'It is your own request: somebody else has to decide on it.'
              : 'You have said yes. Others have to as well.'}
          </p>
        )}
        {pending && may('approvals.decide') && !own && !already && (
          <div className="row">
            <button type="button" className="button is-first" onClick={() => setDeciding('approve')}>
              <Icon name="good" /> Approve
            </button>
            <button type="button" className="button is-bad" onClick={() => setDeciding('deny')}>
              <Icon name="bad" /> Deny
            </button>
          </div>
        )}
      </Card>
      {approval.describe && (
        <Card
          title={`What ${approval.agentId} may do anyway`}
          lead="All that its passport says. What asks for a person first is said so."
        >
          <Described sentences={approval.describe} />
        </Card>
      )}
      {deciding !== undefined && <Decide approval={approval} how={deciding} onClose={() => setDeciding(undefined)} />}
    </div>
  )
}

function Decided({ approval }: { approval: Approval }) {
  const { state, deniedBy, approvedBy, decidedAt, reason, expiresAt } = approval
  if (state === 'pending' || state === 'expired') {
    return (
      <p className="muted">
        Nobody answered in time: it lapsed <When at={expiresAt} />. The agent can ask again.
      </p>
    )
  }
  const who = state === 'denied' ? deniedBy : approvedBy.join(' and ')
  return (
    <div className={`notice is-${state === 'denied' ? 'bad' : 'good'}`}>
      <Icon name={state === 'denied' ? 'bad' : 'good'} />
      <p>
        <strong>
          {state === 'denied' ? 'Denied' : 'Approved'} by {who}
        </strong>
        {decidedAt && (
          <>
            {' '}
            on <Moment at={decidedAt} />
          </>
        )}
        {reason ? `: “${reason}”` : '.'}
      </p>
    </div>
  )
}

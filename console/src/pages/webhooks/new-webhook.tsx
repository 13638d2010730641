import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api/client'
import { asProblem, type Fault as Mistaken } from '../../api/problem'
import { Confirm, textOf } from '../../ui/confirm'
import { Field, Mistakes } from '../../ui/field'
import type { Webhook } from './webhooks'

/** What is asked for most. Others are written by hand. */
const usual = [
  ['decision.denied', 'Denied decisions'],
  ['decision.approval_required', 'Decisions that ask a person'],
  ['decision.allowed', 'Allowed decisions'],
  ['approval.*', 'Approvals: asked for, and decided'],
  ['admin.*', 'Changes at the issuer'],
  ['decision.gap', 'Gaps: decisions that were lost'],
] as const

interface NewWebhookProps {
  onClose(): void
  onCreated(webhook: Webhook): void
}

export function NewWebhook({ onClose, onCreated }: NewWebhookProps) {
  const queries = useQueryClient()
  const [faults, setFaults] = useState<readonly Mistaken[]>([])

  const create = async (form: FormData) => {
    const description = textOf(form, 'description')
    const agentId = textOf(form, 'agentId')
    const others = (textOf(form, 'others') ?? '').split(/[\s,]+/).filter((type) => type !== '')
    const events = [...form.getAll('events').filter((type) => typeof type === 'string'), ...others]
    setFaults([])
    try {
      const webhook = await body(
        api.POST('/v1/webhooks', {
          body: {
            url: textOf(form, 'url') ?? '',
            events,
            ...(agentId === undefined ? {} : { filter: { agentId } }),
            ...(description === undefined ? {} : { description }),
          },
        }),
      )
      onCreated(webhook)
      await queries.invalidateQueries({ queryKey: ['webhooks'] })
    } catch (error) {
      setFaults(asProblem(error).faults)
      throw error
    }
  }

  return (
    <Confirm title="New webhook" act="Create webhook" onClose={onClose} onConfirm={create}>
      <Mistakes value={faults}>
        <Field label="Address" hint="Where messages go: https, and a public address." pointer="/url">
          {(control) => (
            <input
              {...control}
              className="mono"
              name="url"
              type="url"
              required
              maxLength={2048}
              placeholder="https://hooks.example/passport"
              autoComplete="off"
              spellCheck={false}
            />
          )}
        </Field>
        <fieldset className="checks">
          <legend>Told of</legend>
          {usual.map(([type, words]) => (
            <label key={type} className="check">
              <input type="checkbox" name="events" value={type} defaultChecked={type === 'decision.denied'} /> {words}
            </label>
          ))}
        </fieldset>
        <Field label="Other types" optional hint="Separated by commas, as in admin.passport_revoked." pointer="/events">
          {(control) => (
            <input {...control} className="mono" name="others" maxLength={2048} autoComplete="off" spellCheck={false} />
          )}
        </Field>
        <Field
          label="Only of this agent"
          optional
          hint="Its id. Every other filter can be given by the command."
          pointer="/filter"
        >
          {(control) => (
            <input {...control} className="mono" name="agentId" maxLength={256} autoComplete="off" spellCheck={false} />
          )}
        </Field>
        <Field label="What it is for" optional pointer="/description">
          {(control) => <textarea {...control} name="description" rows={2} maxLength={4096} />}
        </Field>
      </Mistakes>
    </Confirm>
  )
}

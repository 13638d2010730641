import { useQueryClient } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import { Confirm, textOf, textsOf } from '../../ui/confirm'
import { Field } from '../../ui/field'
import { filters } from './filters'
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
  const create = async (form: FormData) => {
    const others = (textOf(form, 'others') ?? '').split(/[\s,]+/).filter((type) => type !== '')
    const order = {
      url: textOf(form, 'url') ?? '',
      // First what was written by hand, so that a mistake's number is its place there.
      events: [...others, ...form.getAll('events').filter((type) => typeof type === 'string')],
      filter: textsOf(
        form,
        filters.map(({ name }) => name),
      ),
      ...textsOf(form, ['description']),
    }
    onCreated(await body(api.POST('/v1/webhooks', { body: order })))
    await queries.invalidateQueries({ queryKey: ['webhooks'] })
  }

  return (
    <Confirm title="New webhook" act="Create webhook" onClose={onClose} onConfirm={create}>
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
      <fieldset className="stack">
        <legend>
          Only events <span className="optional">(optional)</span>
        </legend>
        <p className="hint">All that is filled in must be met, to the letter.</p>
        <div className="grid-fields">
          {filters.map(({ name, label, example }) => (
            <Field key={name} label={label} pointer={`/filter/${name}`}>
              {(control) => (
                <input
                  {...control}
                  className="mono"
                  name={name}
                  placeholder={example}
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                />
              )}
            </Field>
          ))}
        </div>
      </fieldset>
      <Field label="What it is for" optional pointer="/description">
        {(control) => <textarea {...control} name="description" rows={2} maxLength={4096} />}
      </Field>
    </Confirm>
  )
}

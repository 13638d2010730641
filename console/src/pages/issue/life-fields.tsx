import { Field } from '../../ui/field'
import type { Draft } from './draft'
import { UnitSelect } from './unit-select'

export function LifeFields({ draft, onChange }: { draft: Draft; onChange(change: Partial<Draft>): void }) {
  return (
    <div className="grid-fields">
      <Field
        label="It ends after"
        pointer="/expiresIn"
        hint="A service without a network accepts it until then, revoked or not: shorter is safer."
      >
        {(control) => (
          <div className="with-unit">
            <input
              {...control}
              type="number"
              min={1}
              step={1}
              value={Number.isNaN(draft.life) ? '' : draft.life}
              onChange={(event) => onChange({ life: event.target.valueAsNumber })}
            />
            <UnitSelect value={draft.unit} onChange={(unit) => onChange({ unit })} />
          </div>
        )}
      </Field>
      <Field
        label="Its holder may renew it for, in days"
        optional
        pointer="/renewUntil"
        hint="Until then it can be exchanged for a fresh one with the same grants or fewer. Revoking one revokes all that came of it."
      >
        {(control) => (
          <input
            {...control}
            type="number"
            min={1}
            max={365}
            value={draft.renewDays}
            placeholder="not at all"
            onChange={(event) => onChange({ renewDays: event.target.value })}
          />
        )}
      </Field>
    </div>
  )
}

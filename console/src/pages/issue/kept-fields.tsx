import { Field } from '../../ui/field'
import { type GrantDraft, type Kept, keeps } from './draft'

interface KeptFieldsProps {
  at: string
  grant: GrantDraft
  set(change: Partial<GrantDraft>): void
}

/** What of a request is kept from the audit log: nothing, some attributes, or all but some. */
export function KeptFields({ at, grant, set }: KeptFieldsProps) {
  const { member } = keeps[grant.kept]
  return (
    <Field
      label="Keep from the log"
      hint="Attributes, with commas between. What is kept from it is reported as hashes, not in clear."
      {...(member === undefined ? {} : { pointer: `${at}/${member}` })}
    >
      {(control) => (
        <div className="kept">
          <select
            {...(member === undefined ? control : { id: control.id })}
            value={grant.kept}
            onChange={(event) => set({ kept: event.target.value as Kept })}
          >
            {Object.entries(keeps).map(([kept, { words }]) => (
              <option key={kept} value={kept}>
                {words}
              </option>
            ))}
          </select>
          {member !== undefined && (
            <input
              aria-describedby={control['aria-describedby']}
              aria-invalid={control['aria-invalid']}
              className="mono"
              aria-label="Attributes"
              value={grant.keptNames}
              placeholder={member === 'shownAttributes' ? 'amount, currency' : 'card'}
              spellCheck={false}
              autoCapitalize="off"
              onChange={(event) => set({ keptNames: event.target.value })}
            />
          )}
        </div>
      )}
    </Field>
  )
}

import { useContext, useId } from 'react'
import { Field, faultsAt, Mistake, Mistakes } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { type ConstraintDraft, type GrantDraft, nextKey, type OperatorName, operators, pointerPart } from './draft'
import { KeptFields } from './kept-fields'

interface GrantFieldsProps {
  index: number
  grant: GrantDraft
  onChange(grant: GrantDraft): void
  onRemove?: (() => void) | undefined
}

/** One grant: what, on what, within which limits, and whether a person is asked first. */
export function GrantFields({ index, grant, onChange, onRemove }: GrantFieldsProps) {
  const set = (change: Partial<GrantDraft>) => onChange({ ...grant, ...change })
  const at = `/grants/${index}`
  const faults = useContext(Mistakes).filter(
    ({ pointer }) => pointer === at || pointer === `${at}/approvers` || pointer === `${at}/requiresApproval`,
  )
  const id = useId()
  return (
    <fieldset className="grant stack" aria-describedby={faults.length > 0 ? `${id}-mistake` : undefined}>
      <div className="row-apart">
        <legend>Grant {index + 1}</legend>
        {onRemove !== undefined && (
          <button type="button" className="button is-quiet" onClick={onRemove}>
            <Icon name="bin" /> Remove<span className="sr"> grant {index + 1}</span>
          </button>
        )}
      </div>
      <Mistake id={`${id}-mistake`} faults={faults} />
      <div className="grid-fields">
        <Field
          label="On"
          hint={
            <>
              Segments with “/”; <code>*</code> is one of them, <code>**</code> all below.
            </>
          }
          pointer={`${at}/resource`}
        >
          {(control) => (
            <input
              {...control}
              className="mono"
              value={grant.resource}
              placeholder="reports/**"
              spellCheck={false}
              autoCapitalize="off"
              onChange={(event) => set({ resource: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="May"
          hint={
            <>
              Actions with commas between; <code>*</code> is any.
            </>
          }
          pointer={`${at}/allowedActions`}
        >
          {(control) => (
            <input
              {...control}
              className="mono"
              value={grant.allowed}
              placeholder="read, list"
              spellCheck={false}
              autoCapitalize="off"
              onChange={(event) => set({ allowed: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="Must never"
          optional
          hint="Denied whatever else allows it, approvals included."
          pointer={`${at}/blockedActions`}
        >
          {(control) => (
            <input
              {...control}
              className="mono"
              value={grant.blocked}
              placeholder="delete"
              spellCheck={false}
              autoCapitalize="off"
              onChange={(event) => set({ blocked: event.target.value })}
            />
          )}
        </Field>
        <div className="field">
          <span className="label">Ask a person first</span>
          <div className="row ask">
            <label className="check">
              <input
                type="checkbox"
                checked={grant.requiresApproval}
                onChange={(event) => set({ requiresApproval: event.target.checked })}
              />
              each time
            </label>
            {grant.requiresApproval && (
              <label className="check">
                by
                <select
                  value={grant.approvers}
                  onChange={(event) => set({ approvers: Number(event.target.value) })}
                  aria-label="How many people"
                >
                  {[1, 2, 3, 4].map((people) => (
                    <option key={people} value={people}>
                      {people === 1 ? 'one person' : `${people} people`}
                    </option>
                  ))}
                </select>
              </label>
            )}
          </div>
        </div>
        <KeptFields at={at} grant={grant} set={set} />
      </div>
      <Limits at={at} constraints={grant.constraints} onChange={(constraints) => set({ constraints })} />
    </fieldset>
  )
}

interface LimitsProps {
  at: string
  constraints: ConstraintDraft[]
  onChange(constraints: ConstraintDraft[]): void
}

function Limits({ at, constraints, onChange }: LimitsProps) {
  const add = () => onChange([...constraints, { key: nextKey(), attribute: '', operator: 'max', value: '' }])
  return (
    <div className="stack limits">
      {constraints.length > 0 && <p className="label small">Only where</p>}
      {constraints.map((constraint) => (
        <Limit
          key={constraint.key}
          at={at}
          constraint={constraint}
          onChange={(changed) => onChange(constraints.map((each) => (each.key === changed.key ? changed : each)))}
          onRemove={() => onChange(constraints.filter((each) => each.key !== constraint.key))}
        />
      ))}
      <p>
        <button type="button" className="button is-quiet" onClick={add}>
          <Icon name="issue" /> Add a limit
        </button>
      </p>
    </div>
  )
}

interface LimitProps {
  at: string
  constraint: ConstraintDraft
  onChange(constraint: ConstraintDraft): void
  onRemove(): void
}

function Limit({ at, constraint, onChange, onRemove }: LimitProps) {
  const id = useId()
  const all = useContext(Mistakes)
  const attribute = `${at}/constraints/${pointerPart(constraint.attribute.trim())}`
  const faults =
    constraint.attribute.trim() === ''
      ? []
      : [...all.filter(({ pointer }) => pointer === attribute), ...faultsAt(all, `${attribute}/${constraint.operator}`)]
  const described = faults.length > 0 ? { 'aria-describedby': `${id}-mistake`, 'aria-invalid': true as const } : {}
  return (
    <div className="limit">
      <input
        className="mono"
        aria-label="Attribute"
        placeholder="amount"
        spellCheck={false}
        autoCapitalize="off"
        value={constraint.attribute}
        onChange={(event) => onChange({ ...constraint, attribute: event.target.value })}
      />
      <select
        aria-label="Comparison"
        value={constraint.operator}
        onChange={(event) => onChange({ ...constraint, operator: event.target.value as OperatorName })}
      >
        {Object.entries(operators).map(([name, { words }]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
      <input
        {...described}
        className="mono"
        aria-label="Value"
        placeholder={operators[constraint.operator].hint}
        spellCheck={false}
        autoCapitalize="off"
        value={constraint.value}
        onChange={(event) => onChange({ ...constraint, value: event.target.value })}
      />
      <button type="button" className="button is-quiet" onClick={onRemove}>
        <Icon name="bin" />
        <span className="sr">Remove the limit on {constraint.attribute || 'nothing yet'}</span>
      </button>
      <Mistake id={`${id}-mistake`} faults={faults} />
    </div>
  )
}

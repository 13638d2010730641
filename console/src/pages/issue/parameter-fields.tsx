import { Field } from '../../ui/field'
import { type Declared, pointerPart } from './draft'

interface ParameterFieldsProps {
  declared: Record<string, Declared>
  values: Record<string, string>
  /** Where the values stand in what is sent. */
  at: string
  onChange(values: Record<string, string>): void
}

/** A template's parameters: what it leaves open, asked for in its own words. */
export function ParameterFields({ declared, values, at, onChange }: ParameterFieldsProps) {
  return (
    <div className="grid-fields">
      {Object.entries(declared).map(([name, declaration]) => (
        <Field
          key={name}
          label={name}
          optional={declaration.default !== undefined}
          hint={hintOf(declaration)}
          pointer={`${at}/${pointerPart(name)}`}
        >
          {(control) => {
            const value = values[name] ?? ''
            const set = (typed: string) => onChange({ ...values, [name]: typed })
            const options =
              declaration.type === 'boolean'
                ? ['true', 'false']
                : declaration.type === 'strings'
                  ? undefined
                  : declaration.enum?.map(String)
            if (options !== undefined) {
              return (
                <select {...control} value={value} onChange={(event) => set(event.target.value)}>
                  <option value="">
                    {declaration.default === undefined ? 'Choose …' : `${String(declaration.default)}, unless said`}
                  </option>
                  {options.map((option) => (
                    <option key={option}>{option}</option>
                  ))}
                </select>
              )
            }
            return (
              <input
                {...control}
                className="mono"
                value={value}
                inputMode={declaration.type === 'number' ? 'decimal' : 'text'}
                placeholder={declaration.default === undefined ? '' : String(declaration.default)}
                spellCheck={false}
                autoCapitalize="off"
                onChange={(event) => set(event.target.value)}
              />
            )
          }}
        </Field>
      ))}
    </div>
  )
}

function hintOf({ type, description, min, max, enum: choices }: Declared): string {
  const bounds = [
    type === 'number' && min !== undefined && `at least ${String(min)}`,
    type === 'number' && max !== undefined && `at most ${String(max)}`,
    type === 'strings' &&
      (choices === undefined
        ? 'several, with commas between'
        : `of ${choices.map(String).join(', ')}, with commas between`),
  ].filter((each) => typeof each === 'string')
  return [description, bounds.join(', ')].filter((each) => each !== undefined && each !== '').join('; ')
}

import type { Template } from '../../api/client'
import { Field } from '../../ui/field'
import { pointerPart } from './draft'

interface Declared {
  type?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  min?: unknown
  max?: unknown
  maxLength?: number
}

interface ParameterFieldsProps {
  template: Template
  values: Record<string, string>
  onChange(values: Record<string, string>): void
}

/** A template's parameters: what it leaves open, asked for in its own words. */
export function ParameterFields({ template, values, onChange }: ParameterFieldsProps) {
  const declared = Object.entries(template.parameters as Record<string, Declared>)
  if (declared.length === 0) return <p className="muted">This template leaves nothing open.</p>
  return (
    <div className="grid-fields">
      {declared.map(([name, declaration]) => (
        <Field
          key={name}
          label={name}
          optional={declaration.default !== undefined}
          hint={hintOf(declaration)}
          pointer={`/parameters/${pointerPart(name)}`}
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

import { type ReactNode, useContext } from 'react'
import { Field, Mistakes } from '../../ui/field'
import { UnitSelect } from '../issue/unit-select'
import { slot, type TemplateContent } from './content'

interface TemplateFieldsProps {
  content: TemplateContent
  /** Whether it has no name yet. */
  named: boolean
  onChange(change: Partial<TemplateContent>): void
}

export function TemplateFields({ content, named, onChange }: TemplateFieldsProps) {
  return (
    <div className="stack-l">
      {named && (
        <Field label="Name" pointer="/name" hint="What orders and the log call it. It never changes.">
          {(control) => (
            <input
              {...control}
              className="mono"
              value={content.name}
              placeholder="team-reports"
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              onChange={(event) => onChange({ name: event.target.value })}
            />
          )}
        </Field>
      )}
      <Field label="What it is for" optional pointer="/description">
        {(control) => (
          <input
            {...control}
            value={content.description}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
      <JsonField
        label="What it leaves open"
        pointer="/parameters"
        hint="JSON: a name for each, with its type (string, number, boolean, strings) and bounds. Who issues by it fills these in."
        value={content.parameters}
        onChange={(parameters) => onChange({ parameters })}
      />
      <JsonField
        label="Its grants"
        pointer="/grants"
        hint={
          <>
            JSON. <code>{slot}</code> in a resource or a text stands for a parameter, and{' '}
            <code>{'{"$param": "limit"}'}</code> for its whole value.
          </>
        }
        value={content.grants}
        onChange={(grants) => onChange({ grants })}
      />
      <div className="grid-fields">
        <Field
          label="Good at"
          optional
          pointer="/audience"
          hint="The services, with commas between, unless an order says otherwise."
        >
          {(control) => (
            <input
              {...control}
              className="mono"
              value={content.audience}
              placeholder="https://reports.example"
              spellCheck={false}
              autoCapitalize="off"
              onChange={(event) => onChange({ audience: event.target.value })}
            />
          )}
        </Field>
        <Field label="Passports by it end after" optional pointer="/expiresIn" hint="Unless an order says otherwise.">
          {(control) => (
            <div className="with-unit">
              <input
                {...control}
                type="number"
                min={1}
                value={content.life}
                onChange={(event) => onChange({ life: event.target.value })}
              />
              <UnitSelect value={content.unit} onChange={(unit) => onChange({ unit })} />
            </div>
          )}
        </Field>
      </div>
    </div>
  )
}

interface JsonFieldProps {
  label: string
  pointer: string
  hint: ReactNode
  value: string
  onChange(value: string): void
}

/** JSON by hand. A mistake in it says where it stands. */
function JsonField({ label, pointer, hint, value, onChange }: JsonFieldProps) {
  const all = useContext(Mistakes)
  const told = all.map((fault) => {
    const within = fault.pointer.startsWith(`${pointer}/`)
    return within ? { ...fault, detail: `at \`${fault.pointer.slice(pointer.length)}\`: ${fault.detail}` } : fault
  })
  return (
    <Mistakes value={told}>
      <Field label={label} pointer={pointer} hint={hint}>
        {(control) => (
          <textarea
            {...control}
            className="mono json"
            rows={Math.min(24, Math.max(4, value.split('\n').length + 1))}
            value={value}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      </Field>
    </Mistakes>
  )
}

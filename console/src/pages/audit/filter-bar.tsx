import { useState } from 'react'
import { Field } from '../../ui/field'
import { ChoiceFilter, TextFilter } from '../../ui/search'
import { filterNames } from './filters'

const kinds = [
  ['', 'Everything'],
  ['decision', 'Decisions'],
  ['admin', 'Changes'],
] as const

const outcomes = [
  ['', 'Any'],
  ['allow', 'Allowed'],
  ['approval_required', 'Asked'],
  ['deny', 'Denied'],
] as const

interface FilterBarProps {
  get(name: string): string
  set(name: string, value: string): void
  clear(): void
}

export function FilterBar({ get, set, clear }: FilterBarProps) {
  const rare = ['resource', 'reason', 'reporter', 'passportId', 'from', 'to', 'attributes']
  const [more, setMore] = useState(() => rare.some((name) => get(name) !== ''))
  const any = filterNames.some((name) => get(name) !== '')
  return (
    <search className="stack">
      <div className="toolbar">
        <ChoiceFilter label="Kind" value={get('kind')} options={kinds} onChange={(value) => set('kind', value)} />
        <ChoiceFilter
          label="Outcome"
          value={get('outcome')}
          options={outcomes}
          onChange={(value) => set('outcome', value)}
        />
        <TextFilter
          label="Agent"
          placeholder="agent_ollie"
          value={get('agentId')}
          onChange={(value) => set('agentId', value)}
        />
        <TextFilter
          label="Action"
          placeholder="purchase"
          value={get('action')}
          onChange={(value) => set('action', value)}
        />
        <div className="row">
          <button
            type="button"
            className="button"
            aria-expanded={more}
            aria-controls="more-filters"
            onClick={() => setMore(!more)}
          >
            {more ? 'Fewer filters' : 'More filters'}
          </button>
          {any && (
            <button type="button" className="button is-quiet" onClick={clear}>
              Clear
            </button>
          )}
        </div>
      </div>
      {more && (
        <div className="toolbar" id="more-filters">
          <TextFilter
            label="Resource"
            placeholder="drive/q3"
            value={get('resource')}
            onChange={(value) => set('resource', value)}
          />
          <TextFilter
            label="Reason"
            placeholder="constraint_unmet"
            value={get('reason')}
            onChange={(value) => set('reason', value)}
          />
          <TextFilter
            label="Reported by"
            placeholder="agent_shop"
            value={get('reporter')}
            onChange={(value) => set('reporter', value)}
          />
          <TextFilter
            label="Passport"
            placeholder="pp_…"
            value={get('passportId')}
            onChange={(value) => set('passportId', value)}
          />
          <TextFilter
            label="Attributes"
            placeholder="vendor=a.example, amount=742"
            value={get('attributes')}
            onChange={(value) => set('attributes', value)}
          />
          <TimeFilter label="From" value={get('from')} onChange={(value) => set('from', value)} />
          <TimeFilter label="Before" value={get('to')} onChange={(value) => set('to', value)} />
        </div>
      )}
    </search>
  )
}

function TimeFilter({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  return (
    <Field label={label}>
      {(control) => (
        <input {...control} type="datetime-local" value={value} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api/client'
import { useMay } from '../../app/session'
import { Field } from '../../ui/field'
import { NewAgent } from '../agents/new-agent'
import type { Draft } from './draft'

interface WhoFieldsProps {
  draft: Draft
  /** The services that the template names already. */
  inherited: readonly string[]
  onChange(change: Partial<Draft>): void
}

export function WhoFields({ draft, inherited, onChange }: WhoFieldsProps) {
  const may = useMay()
  const [creating, setCreating] = useState(false)
  const agents = useQuery({
    queryKey: ['agents', 'all'],
    queryFn: () => body(api.GET('/v1/agents', { params: { query: { limit: 1000 } } })),
    enabled: may('agents.read'),
  })
  const items = agents.data?.items.filter(({ state }) => state === 'enabled') ?? []
  const known = items.some(({ agentId }) => agentId === draft.agentId)
  // Where there are more than one page, or none may be read, the id is typed. One choice does not turn into the other under
  // somebody's hands: while they are on their way, it is the choice that is there most often.
  const choice = may('agents.read') && !agents.isError && !agents.data?.nextCursor
  return (
    <div className="stack">
      <Field
        label="Agent"
        pointer="/agentId"
        hint={
          may('agents.write') && (
            <>
              It carries the passport. Not there yet?{' '}
              <button type="button" className="link" onClick={() => setCreating(true)}>
                Create an agent
              </button>
            </>
          )
        }
      >
        {(control) =>
          choice ? (
            <select {...control} value={draft.agentId} onChange={(event) => onChange({ agentId: event.target.value })}>
              <option value="">Choose …</option>
              {!known && draft.agentId !== '' && <option>{draft.agentId}</option>}
              {items.map(({ agentId, name }) => (
                <option key={agentId} value={agentId}>
                  {name === agentId ? name : `${name} (${agentId})`}
                </option>
              ))}
            </select>
          ) : (
            <input
              {...control}
              className="mono"
              value={draft.agentId}
              spellCheck={false}
              onChange={(event) => onChange({ agentId: event.target.value.trim() })}
            />
          )
        }
      </Field>
      <Field
        label="Good at"
        optional={inherited.length > 0}
        pointer="/audience"
        hint="The services that it is for, by the URL that each checks for; with commas between. It is worth nothing anywhere else."
      >
        {(control) => (
          <input
            {...control}
            className="mono"
            value={draft.audience}
            placeholder={inherited.join(', ') || 'https://shop.example'}
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => onChange({ audience: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="On behalf of"
        optional
        pointer="/onBehalfOf"
        hint="The person or team who answers for it. Services see this."
      >
        {(control) => (
          <input
            {...control}
            value={draft.onBehalfOf}
            onChange={(event) => onChange({ onBehalfOf: event.target.value })}
          />
        )}
      </Field>
      {creating && <NewAgent onClose={() => setCreating(false)} onCreated={(agentId) => onChange({ agentId })} />}
    </div>
  )
}

import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { type Agent, api, body } from '../../api/client'
import { given, useList } from '../../api/lists'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Listing } from '../../ui/listing'
import { Page } from '../../ui/page'
import { ChoiceFilter, TextFilter, useFilters } from '../../ui/search'
import { type Column, Table } from '../../ui/table'
import { When } from '../../ui/time'
import { NewAgent } from './new-agent'

const states = [
  ['', 'Any'],
  ['enabled', 'Enabled'],
  ['disabled', 'Disabled'],
] as const

type StateName = 'enabled' | 'disabled'

const columns: readonly Column<Agent>[] = [
  {
    name: 'Agent',
    cell: ({ agentId, name }) => <Link to={`/agents/${encodeURIComponent(agentId)}`}>{name}</Link>,
  },
  { name: 'Id', cell: ({ agentId }) => <code>{agentId}</code> },
  { name: 'State', cell: ({ state }) => <State of={state} /> },
  { name: 'Created', className: 'muted', cell: ({ createdAt }) => <When at={createdAt} /> },
]

export function Agents() {
  return (
    <Guarded needs="agents.read" title="Agents">
      <AgentList />
    </Guarded>
  )
}

function AgentList() {
  const may = useMay()
  const navigate = useNavigate()
  const { get, set, clear } = useFilters()
  const [creating, setCreating] = useState(false)
  const state = get('state') === '' ? undefined : (get('state') as StateName)
  const query = given({ text: get('text'), state })
  const list = useList(['agents', 'list', query], (cursor) =>
    body(api.GET('/v1/agents', { params: { query: { ...query, ...given({ cursor }) } } })),
  )
  const create = may('agents.write') && (
    <button type="button" className="button is-first" onClick={() => setCreating(true)}>
      New agent
    </button>
  )
  return (
    <Page title="Agents" lead="Who carries passports. Disabling one revokes all that it has." actions={create}>
      <div className="toolbar">
        <TextFilter
          label="Search"
          placeholder="A part of name or id"
          value={get('text')}
          onChange={(text) => set('text', text)}
        />
        <ChoiceFilter label="State" value={get('state')} options={states} onChange={(value) => set('state', value)} />
      </div>
      <Card>
        <Listing
          of={list}
          items={list.items}
          what="the agents"
          narrowed={Object.keys(query).length > 0 && { title: 'No agent is like that', clear }}
          empty={
            <Empty title="There is no agent yet" action={create}>
              An agent is whoever carries passports. Create one, then issue a passport for it.
            </Empty>
          }
        >
          {(agents) => <Table rows={agents} columns={columns} keyOf={({ agentId }) => agentId} />}
        </Listing>
      </Card>
      {creating && (
        <NewAgent
          onClose={() => setCreating(false)}
          onCreated={(id) => navigate(`/agents/${encodeURIComponent(id)}`)}
        />
      )}
    </Page>
  )
}

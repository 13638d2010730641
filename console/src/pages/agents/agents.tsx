import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { api, body } from '../../api/client'
import { given, useList } from '../../api/lists'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { More } from '../../ui/more'
import { Page } from '../../ui/page'
import { ChoiceFilter, TextFilter, useFilters } from '../../ui/search'
import { When } from '../../ui/time'
import { NewAgent } from './new-agent'

const states = [
  ['', 'Any'],
  ['enabled', 'Enabled'],
  ['disabled', 'Disabled'],
] as const

type StateName = 'enabled' | 'disabled'

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
  const shown = list.items
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
      {list.isPending && <Loading what="the agents" />}
      {list.isError && <Fault error={list.error} again={() => list.refetch()} />}
      {list.isSuccess && (
        <Card>
          {shown.length === 0 ? (
            Object.keys(query).length > 0 ? (
              <Empty
                title="No agent is like that"
                action={
                  <button type="button" className="button" onClick={clear}>
                    Show all
                  </button>
                }
              />
            ) : (
              <Empty title="There is no agent yet" action={create}>
                An agent is whoever carries passports. Create one, then issue a passport for it.
              </Empty>
            )
          ) : (
            <div className="table-wrap">
              <table className="is-stacking">
                <thead>
                  <tr>
                    <th scope="col">Agent</th>
                    <th scope="col">Id</th>
                    <th scope="col">State</th>
                    <th scope="col">Created</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((agent) => (
                    <tr key={agent.agentId}>
                      <td>
                        <Link to={`/agents/${encodeURIComponent(agent.agentId)}`}>{agent.name}</Link>
                      </td>
                      <td data-column="Id">
                        <code>{agent.agentId}</code>
                      </td>
                      <td data-column="State">
                        <State of={agent.state} />
                      </td>
                      <td data-column="Created" className="muted">
                        <When at={agent.createdAt} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <More list={list} />
        </Card>
      )}
      {creating && (
        <NewAgent
          onClose={() => setCreating(false)}
          onCreated={(id) => navigate(`/agents/${encodeURIComponent(id)}`)}
        />
      )}
    </Page>
  )
}

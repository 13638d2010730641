import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { type Agent, api, body } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Confirm, Reason, textOf } from '../../ui/confirm'
import { Id } from '../../ui/copy'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Listing } from '../../ui/listing'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { Moment } from '../../ui/time'
import { RecentEvents } from '../audit/recent-events'
import { PassportTable } from '../passports/passport-table'

export function AgentPage() {
  return (
    <Guarded needs="agents.read" title="Agent">
      <LoadedAgent />
    </Guarded>
  )
}

function LoadedAgent() {
  const { id = '' } = useParams()
  const agent = useQuery({
    queryKey: ['agents', 'one', id],
    queryFn: () => body(api.GET('/v1/agents/{id}', { params: { path: { id } } })),
  })
  if (agent.isPending) return <Loading what="the agent" />
  if (agent.isError) {
    return (
      <Page title={id} above={<Link to="/agents">Agents</Link>}>
        <Fault error={agent.error} again={() => agent.refetch()} />
      </Page>
    )
  }
  return <AgentInFull agent={agent.data} />
}

function AgentInFull({ agent }: { agent: Agent }) {
  const may = useMay()
  const [changing, setChanging] = useState(false)
  const enabled = agent.state === 'enabled'
  return (
    <Page
      title={agent.name}
      beside={<State of={agent.state} />}
      above={<Link to="/agents">Agents</Link>}
      lead={agent.description}
      actions={
        <>
          {may('agents.write') && (
            <button type="button" className={enabled ? 'button is-bad' : 'button'} onClick={() => setChanging(true)}>
              {enabled ? 'Disable' : 'Enable'}
            </button>
          )}
          {enabled && may('passports.issue') && (
            <Link className="button is-first" to={`/issue?agent=${encodeURIComponent(agent.agentId)}`}>
              Issue a passport
            </Link>
          )}
        </>
      }
    >
      <Card title="About it">
        <dl className="facts">
          <dt>Id</dt>
          <dd>
            <Id of={agent.agentId} what="the id" />
          </dd>
          <dt>Created</dt>
          <dd>
            <Moment at={agent.createdAt} />
          </dd>
          {agent.disabledAt && (
            <>
              <dt>Disabled</dt>
              <dd>
                <Moment at={agent.disabledAt} />
              </dd>
            </>
          )}
        </dl>
      </Card>
      {may('passports.read') && <AgentPassports agent={agent} />}
      {may('audit.read') && (
        <RecentEvents title="Its decisions" filter={{ agentId: agent.agentId, kind: 'decision' }} />
      )}
      {changing && <ChangeState agent={agent} onClose={() => setChanging(false)} />}
    </Page>
  )
}

function AgentPassports({ agent }: { agent: Agent }) {
  const may = useMay()
  const passports = useQuery({
    queryKey: ['passports', 'of', agent.agentId],
    queryFn: () => body(api.GET('/v1/passports', { params: { query: { agentId: agent.agentId, limit: 10 } } })),
  })
  return (
    <Card
      title="Its passports"
      aside={<Link to={`/passports?agentId=${encodeURIComponent(agent.agentId)}`}>All of them</Link>}
    >
      <Listing
        of={passports}
        items={passports.data?.items}
        what="the passports"
        empty={
          <Empty
            title="It has no passport, and so may do nothing"
            action={
              may('passports.issue') &&
              agent.state === 'enabled' && (
                <Link to={`/issue?agent=${encodeURIComponent(agent.agentId)}`}>Issue its first one</Link>
              )
            }
          />
        }
      >
        {(items) => <PassportTable passports={items} agent={false} />}
      </Listing>
    </Card>
  )
}

function ChangeState({ agent, onClose }: { agent: Agent; onClose(): void }) {
  const queries = useQueryClient()
  const path = { id: agent.agentId }
  const enabled = agent.state === 'enabled'
  const change = async (form: FormData) => {
    const reason = textOf(form, 'reason')
    if (enabled) {
      await body(
        api.POST('/v1/agents/{id}/disable', { params: { path }, body: reason === undefined ? {} : { reason } }),
      )
    } else {
      await body(api.POST('/v1/agents/{id}/enable', { params: { path } }))
    }
    await queries.invalidateQueries({ queryKey: ['agents'] })
    await queries.invalidateQueries({ queryKey: ['passports'] })
  }
  if (!enabled) {
    return (
      <Confirm title={`Enable ${agent.name}?`} act="Enable" onClose={onClose} onConfirm={change}>
        <p>It can be given passports again. What was revoked stays revoked.</p>
      </Confirm>
    )
  }
  return (
    <Confirm title={`Disable ${agent.name}?`} act="Disable the agent" bad onClose={onClose} onConfirm={change}>
      <p>
        Every live passport of <code>{agent.agentId}</code> is revoked at once, and none can be issued to it. Verifiers
        that follow this issuer know within seconds. Enabling it again revives none of them.
      </p>
      <Reason hint="It is kept in the audit log." />
    </Confirm>
  )
}

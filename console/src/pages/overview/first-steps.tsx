import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { useMay, useSession } from '../../app/session'
import { Card } from '../../ui/card'
import { Icon } from '../../ui/icon'
import { NewAgent } from '../agents/new-agent'

/** Leads through the first agent, the first passport and the first decision. Gone once all three were there. */
export function FirstSteps() {
  const may = useMay()
  const { agentId } = useSession()
  const needed = ['agents.read', 'agents.write', 'passports.read', 'passports.issue', 'audit.read']
  const first = useQuery({
    queryKey: ['first-steps'],
    queryFn: async () => {
      const decisions = await body(api.GET('/v1/audit/events', { params: { query: { kind: 'decision', limit: 1 } } }))
      if (decisions.items.length > 0) return { agent: '', passport: '', decided: true }
      const agents = await body(api.GET('/v1/agents', { params: { query: { limit: 10 } } }))
      const passports = await body(api.GET('/v1/passports', { params: { query: { limit: 10 } } }))
      const passport = passports.items.find((each) => each.agentId !== agentId)
      return {
        agent: passport?.agentId ?? agents.items.find((each) => each.agentId !== agentId)?.agentId ?? '',
        passport: passport?.passportId ?? '',
        decided: false,
      }
    },
    enabled: needed.every(may),
    refetchInterval: (query) => (query.state.data?.decided ? false : 3_000),
  })
  const [creating, setCreating] = useState(false)
  if (first.data === undefined || first.data.decided) return null
  const { agent, passport } = first.data
  const at = agent === '' ? 1 : passport === '' ? 2 : 3
  return (
    <Card
      title="Your first five minutes"
      lead="Three steps from an empty issuer to a decision that you can see."
      tone="accent"
    >
      <ol className="steps">
        <Step number={1} at={at} title={agent === '' ? 'Create an agent' : `The agent ${agent} is there`}>
          {at === 1 && (
            <>
              <p className="muted">An agent is whoever carries passports: a program, under a name that you choose.</p>
              <p>
                <button type="button" className="button is-first" onClick={() => setCreating(true)}>
                  Create an agent
                </button>
              </p>
            </>
          )}
        </Step>
        <Step number={2} at={at} title={passport === '' ? 'Issue its first passport' : 'It has a passport'}>
          {at <= 2 && (
            <>
              <p className="muted">
                A passport says what the agent may do, on what, within which limits and until when.
              </p>
              {at === 2 && (
                <p>
                  <Link className="button is-first" to={`/issue?agent=${encodeURIComponent(agent)}`}>
                    Issue a passport for {agent}
                  </Link>
                </p>
              )}
            </>
          )}
        </Step>
        <Step number={3} at={at} title="Watch its first decision arrive">
          <p className="muted">
            A service checks the passport for each single action and reports what it decided.{' '}
            {at === 3
              ? 'Try a request where the passport was issued, or run there what stands under “From a terminal”. This page looks for it every few seconds.'
              : 'The page that shows you the new passport lets you try one.'}
          </p>
          {at === 3 && (
            <p>
              <Link to={`/issue?agent=${encodeURIComponent(agent)}`}>Issue another passport and try it</Link> ·{' '}
              <Link to={`/passports/${encodeURIComponent(passport)}`}>See what this one allows</Link>
            </p>
          )}
        </Step>
      </ol>
      {creating && <NewAgent onClose={() => setCreating(false)} />}
    </Card>
  )
}

function Step({ number, at, title, children }: { number: number; at: number; title: string; children: ReactNode }) {
  const done = number < at
  return (
    <li
      className={done ? 'is-done' : number === at ? 'is-next' : undefined}
      aria-current={number === at ? 'step' : undefined}
    >
      <span className="step-mark" aria-hidden="true">
        {done ? <Icon name="good" /> : number}
      </span>
      <p className="step-title">
        {title}
        {done && <span className="sr"> (done)</span>}
      </p>
      <div className="stack">{children}</div>
    </li>
  )
}

import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { Card } from '../../ui/card'
import { Fault } from '../../ui/fault'
import { Icon } from '../../ui/icon'
import { Loading } from '../../ui/loading'
import { When } from '../../ui/time'

interface Alarm {
  key: string
  title: string
  text: string
  at: string
  to: string
}

const findingWords: Record<string, (from: number, to: number) => string> = {
  gap: (from, to) => (from === to ? `number ${from} did not come` : `numbers ${from} to ${to} did not come`),
  fork: (from) => `number ${from} came twice, or does not follow`,
}

const differenceWords: Record<string, string> = {
  decision: 'the issuer comes to another decision',
  times: 'the passport was not valid at that time',
  revoked: 'the passport was revoked, and the verifier knew',
  unknown_passport: 'this issuer issued no such passport',
  passport: 'the passport is of another agent or key',
  approval: 'the approval was not given for that request',
}

export function Alarms() {
  const findings = useQuery({
    queryKey: ['audit', 'findings', 'open'],
    queryFn: () => body(api.GET('/v1/audit/findings', { params: { query: { open: true, limit: 5 } } })),
    refetchInterval: 15_000,
  })
  const differences = useQuery({
    queryKey: ['audit', 'differences'],
    queryFn: () => body(api.GET('/v1/audit/differences', { params: { query: { limit: 5 } } })),
    refetchInterval: 15_000,
  })
  if (findings.isPending || differences.isPending) return <Loading what="the alarms" />
  if (findings.isError) return <Fault error={findings.error} again={() => findings.refetch()} />
  if (differences.isError) return <Fault error={differences.error} again={() => differences.refetch()} />
  const alarms: Alarm[] = [
    ...findings.data.items.map(({ kind, reporter, fromSeq, toSeq, foundAt, sequence }) => ({
      key: `${kind}-${sequence}-${fromSeq}`,
      title: kind === 'gap' ? `Gap in what ${reporter} reports` : `Fork in what ${reporter} reports`,
      text: findingWords[kind]?.(fromSeq, toSeq) ?? kind,
      at: foundAt,
      to: `/audit?reporter=${encodeURIComponent(reporter)}`,
    })),
    ...differences.data.items.map(({ kind, reporter, requestId, foundAt, sequence }) => ({
      key: `difference-${sequence}`,
      title: `${reporter} decided differently`,
      text: differenceWords[kind] ?? kind,
      at: foundAt,
      to: `/audit/${encodeURIComponent(requestId)}?reporter=${encodeURIComponent(reporter)}`,
    })),
  ].sort((a, b) => b.at.localeCompare(a.at))
  return (
    <Card title="Gaps and alarms" {...(alarms.length > 0 ? { tone: 'bad' as const } : {})}>
      {alarms.length === 0 ? (
        <div className="notice is-good">
          <Icon name="good" />
          <p>
            Nothing is missing and nothing differs: every reporter’s numbers follow one another, and the issuer comes to
            each decision that was reported.
          </p>
        </div>
      ) : (
        <ul className="plain-list">
          {alarms.map(({ key, title, text, at, to }) => (
            <li key={key}>
              <div className="row-apart">
                <Link to={to}>{title}</Link>
                <span className="muted">
                  <When at={at} />
                </span>
              </div>
              <span className="small muted">{text}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

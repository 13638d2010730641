import { Link } from 'react-router'
import { BarList } from '../../charts/bar-list'
import { topDenials } from '../../lib/counts'
import { reasonInWords } from '../../lib/words'
import { Card } from '../../ui/card'
import { Fault } from '../../ui/fault'
import { useCounts } from './decisions'
import type { Range } from './range'

export function Denials({ range }: { range: Range }) {
  const byReason = useCounts(range, 'reason')
  const byAgent = useCounts(range, 'agent')
  if (byReason.isError) return <Fault error={byReason.error} again={() => byReason.refetch()} />
  const reasons = topDenials(byReason.data?.items ?? [], 'reason', 5)
  const agents = topDenials(byAgent.data?.items ?? [], 'agentId', 5)
  if (reasons.length === 0) return null
  return (
    <div className="grid-2">
      <Card title="Top denials by reason">
        <BarList
          label="Denials by reason"
          tone="bad"
          entries={reasons.map(({ name, count }) => ({
            key: name,
            name: <Link to={`/audit?outcome=deny&reason=${encodeURIComponent(name)}`}>{name}</Link>,
            note: reasonInWords(name),
            count,
          }))}
        />
      </Card>
      <Card title="Top denials by agent">
        {byAgent.isError ? (
          <Fault error={byAgent.error} />
        ) : (
          <BarList
            label="Denials by agent"
            tone="bad"
            entries={agents.map(({ name, count }) => ({
              key: name,
              name:
                name === '' ? (
                  'no agent'
                ) : (
                  <Link to={`/audit?outcome=deny&agentId=${encodeURIComponent(name)}`}>{name}</Link>
                ),
              ...(name === '' ? { note: 'what was shown told of none that can be believed' } : {}),
              count,
            }))}
          />
        )}
      </Card>
    </div>
  )
}

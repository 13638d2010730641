import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { StackedBars } from '../../charts/stacked-bars'
import { type Bin, binned, OUTCOMES, type OutcomeName, totals } from '../../lib/counts'
import { clockTime, rfc3339, shortDay } from '../../lib/time'
import { outcomeWords } from '../../lib/words'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import type { Range } from './range'

export function useCounts(range: Range, by: string) {
  const query = { from: rfc3339(range.from), to: rfc3339(range.to), by }
  return useQuery({
    queryKey: ['audit', 'counts', query],
    queryFn: () => body(api.GET('/v1/audit/counts', { params: { query } })),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  })
}

function binName(bin: Bin, width: number): string {
  const day = shortDay(bin.from * 1000)
  if (width >= 24 * 3_600) return day
  return `${day}, ${clockTime(rfc3339(bin.from)).slice(0, 5)} to ${clockTime(rfc3339(bin.to)).slice(0, 5)}`
}

function share(count: number, all: number): string {
  return all === 0
    ? ''
    : `${((100 * count) / all).toLocaleString('en', { maximumFractionDigits: count / all < 0.1 ? 1 : 0 })} %`
}

export function Decisions({ range }: { range: Range }) {
  const counts = useCounts(range, 'hour')
  if (counts.isPending) return <Loading what="the decisions" />
  if (counts.isError) return <Fault error={counts.error} again={() => counts.refetch()} />
  const sums = totals(counts.data.items)
  const all = sums.allow + sums.approval_required + sums.deny
  const bins = binned(counts.data.items, range.from, range.to, range.bin)
  return (
    <Card
      title="Decisions"
      lead={`${all.toLocaleString('en')} in the last ${range.words}, as verifiers reported them`}
      aside={<Link to="/audit">Open the log</Link>}
    >
      {all === 0 ? (
        <Empty title="No decision was reported in this span">
          <p>
            A service that checks passports with the verifier library reports each decision by itself. You can try one
            by hand, which is answered and not recorded:
          </p>
          <CodeBlock
            text={
              'passport trust fetch -o trust.bundle\npassport verify - --trust trust.bundle --audience https://shop.example --action buy < agent.passport'
            }
            what="the commands"
            wrap
          />
        </Empty>
      ) : (
        <>
          <ul className="legend" aria-label="Sums">
            {OUTCOMES.map((outcome: OutcomeName) => (
              <li key={outcome} className="legend-entry">
                <i className={`swatch fill-${outcome}`} />
                <Link to={`/audit?outcome=${outcome}`}>{outcomeWords[outcome]}</Link>
                <b className="number">{sums[outcome].toLocaleString('en')}</b>
                <span className="muted number">{share(sums[outcome], all)}</span>
              </li>
            ))}
          </ul>
          <StackedBars
            bins={bins}
            name={(bin) => binName(bin, range.bin)}
            tick={(bin) =>
              range.name === 'day' ? clockTime(rfc3339(bin.from)).slice(0, 5) : shortDay(bin.from * 1000)
            }
            summary={`Decisions in the last ${range.words}: ${sums.allow} allowed, ${sums.approval_required} asked, ${sums.deny} denied.`}
          />
        </>
      )}
    </Card>
  )
}

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { useMay } from '../../app/session'
import { DayColumns } from '../../charts/day-columns'
import { rfc3339, seconds } from '../../lib/time'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { useNow, When } from '../../ui/time'

const DAY = 24 * 3_600
const DAYS = 7

/** The live passports that end within a week, as far as one page of the list goes. */
function useEnding(before: string) {
  return useQuery({
    queryKey: ['passports', 'ending', before],
    queryFn: () =>
      body(api.GET('/v1/passports', { params: { query: { state: 'live', expiresBefore: before, limit: 1000 } } })),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  })
}

/** Whether any passport is live at all, for who has none that ends soon. */
function useAnyLive(asked: boolean) {
  return useQuery({
    queryKey: ['passports', 'live', 'any'],
    queryFn: () => body(api.GET('/v1/passports', { params: { query: { state: 'live', limit: 1 } } })),
    enabled: asked,
    refetchInterval: 60_000,
  })
}

export function Ending() {
  const may = useMay()
  const now = useNow(60)
  const before = rfc3339(now + DAYS * DAY)
  const found = useEnding(before)
  const none = found.data?.items.length === 0
  const live = useAnyLive(none)
  if (found.isPending) return <Loading what="the passports" />
  if (found.isError) return <Fault error={found.error} again={() => found.refetch()} />
  const ending = [...found.data.items].sort((a, b) => seconds(a.expiresAt) - seconds(b.expiresAt))
  const days = Array.from({ length: DAYS }, (_, index) => ({
    from: now + index * DAY,
    count: ending.filter(({ expiresAt }) => Math.floor((seconds(expiresAt) - now) / DAY) === index).length,
  }))
  const more = typeof found.data.nextCursor === 'string'
  return (
    <Card
      title="Passports about to expire"
      lead={`${more ? 'More than ' : ''}${ending.length} live ${ending.length === 1 ? 'one ends' : 'ones end'} within a week`}
      aside={<Link to={`/passports?state=live&expiresBefore=${before}`}>All of them</Link>}
    >
      {none && live.data?.items.length === 0 ? (
        <Empty title="No passport is live" action={may('passports.issue') && <Link to="/issue">Issue one</Link>} />
      ) : (
        <>
          {ending.length > 0 && <DayColumns days={days} what="passports end" />}
          {ending.length > 0 && (
            <ul className="plain-list">
              {ending.slice(0, 4).map((passport) => (
                <li key={passport.passportId} className="row-apart">
                  <span>
                    <Link to={`/passports/${passport.passportId}`}>{passport.agentId}</Link>
                    {passport.renewUntil !== null && passport.renewUntil !== undefined && (
                      <span className="muted small"> renews itself</span>
                    )}
                  </span>
                  <span className="muted number">
                    <When at={passport.expiresAt} />
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Card>
  )
}

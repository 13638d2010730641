import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { useMay } from '../../app/session'
import { DayColumns } from '../../charts/day-columns'
import { seconds } from '../../lib/time'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { useNow, When } from '../../ui/time'

const DAY = 24 * 3_600
const DAYS = 7

/** The live passports, as far as one page of the list goes. */
export function useLivePassports() {
  return useQuery({
    queryKey: ['passports', 'live', 'all'],
    queryFn: () => body(api.GET('/v1/passports', { params: { query: { state: 'live', limit: 1000 } } })),
    refetchInterval: 60_000,
  })
}

export function Ending() {
  const may = useMay()
  const now = useNow(60)
  const live = useLivePassports()
  if (live.isPending) return <Loading what="the passports" />
  if (live.isError) return <Fault error={live.error} again={() => live.refetch()} />
  const ending = live.data.items
    .filter(({ expiresAt }) => seconds(expiresAt) < now + DAYS * DAY)
    .sort((a, b) => seconds(a.expiresAt) - seconds(b.expiresAt))
  const days = Array.from({ length: DAYS }, (_, index) => ({
    from: now + index * DAY,
    count: ending.filter(({ expiresAt }) => Math.floor((seconds(expiresAt) - now) / DAY) === index).length,
  }))
  const more = typeof live.data.nextCursor === 'string'
  return (
    <Card
      title="Passports about to expire"
      lead={`${ending.length} of ${live.data.items.length}${more ? ' newest' : ''} live ones end within a week`}
      aside={<Link to="/passports?state=live">All live</Link>}
    >
      {live.data.items.length === 0 ? (
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

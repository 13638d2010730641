import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import type { AuditEvent } from '../../api/event'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Listing } from '../../ui/listing'
import { EventTable } from './event-table'

/** The newest events about one thing, with the way to all of them. */
export function RecentEvents({ title, filter }: { title: string; filter: Record<string, string> }) {
  const events = useQuery({
    queryKey: ['audit', 'recent', filter],
    queryFn: () => body(api.GET('/v1/audit/events', { params: { query: { ...filter, limit: 8 } } })),
    refetchInterval: 5_000,
  })
  return (
    <Card title={title} aside={<Link to={`/audit?${new URLSearchParams(filter)}`}>In the log</Link>}>
      <Listing
        of={events}
        items={events.data?.items as AuditEvent[] | undefined}
        what="the decisions"
        empty={
          <Empty title="No decision was reported yet">
            They come by themselves from each service that checks passports with the verifier library and reports here.
          </Empty>
        }
      >
        {(items) => (
          <EventTable events={items} agent={filter.agentId === undefined && filter.passportId === undefined} />
        )}
      </Listing>
    </Card>
  )
}

import { Link } from 'react-router'
import type { AuditEvent } from '../../api/event'
import { changeInWords } from '../../lib/changes'
import { fullTime } from '../../lib/time'
import { Badge, Outcome } from '../../ui/badge'
import { When } from '../../ui/time'
import { Words } from '../../ui/words'
import './event-table.css'

export function eventPath(event: AuditEvent): string {
  const id = encodeURIComponent(event.requestId ?? event.eventId)
  return `/audit/${id}?reporter=${encodeURIComponent(event.reporter)}`
}

interface EventTableProps {
  events: readonly AuditEvent[]
  /** Left out on an agent's own page. */
  agent?: boolean
  /** The newest sequence that is not new to who looks: what came since is marked for a moment. */
  fresh?: number | undefined
}

/** Events of the log, one line each: what was asked, by whom, and what came of it. */
export function EventTable({ events, agent = true, fresh }: EventTableProps) {
  return (
    <div className="table-wrap">
      <table className="is-stacking events">
        <thead>
          <tr>
            <th scope="col">What</th>
            {agent && <th scope="col">Agent</th>}
            <th scope="col">Why</th>
            <th scope="col">Reported by</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.sequence} className={fresh !== undefined && event.sequence > fresh ? 'is-fresh' : undefined}>
              <td>
                <div className="event-what">
                  {event.kind === 'admin' ? (
                    <Badge tone="accent">change</Badge>
                  ) : event.gap !== undefined ? (
                    <Badge tone="bad">gap</Badge>
                  ) : (
                    <Outcome of={event.outcome} />
                  )}
                  <Link to={eventPath(event)}>
                    <What event={event} />
                  </Link>
                  {event.conflict && <Badge tone="bad">two stories</Badge>}
                </div>
              </td>
              {agent && (
                <td data-column="Agent">
                  {event.agentId ? (
                    <Link to={`/agents/${encodeURIComponent(event.agentId)}`}>{event.agentId}</Link>
                  ) : (
                    <span className="muted">—</span>
                  )}
                </td>
              )}
              <td data-column="Why" className="event-why">
                <Why event={event} />
              </td>
              <td data-column="Reported by" className="muted">
                {event.kind === 'admin' ? 'the issuer' : event.reporter}
              </td>
              <td
                data-column="When"
                className="muted event-when"
                title={fullTime(event.evaluatedAt ?? event.receivedAt)}
              >
                <When at={event.evaluatedAt ?? event.receivedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function What({ event }: { event: AuditEvent }) {
  if (event.change !== undefined) return changeInWords(event.change)
  if (event.gap !== undefined) return `${event.gap.count} decisions were lost`
  if (!event.action) return 'a request that was not read'
  return (
    <>
      {event.action}
      {event.resource && <span className="event-on"> on {event.resource}</span>}
    </>
  )
}

function Why({ event }: { event: AuditEvent }) {
  if (event.gap !== undefined) return <span className="muted">{event.gap.why}</span>
  // What is empty is left out where cells stack.
  if (event.kind === 'admin') return null
  if (event.outcome === 'allow') return <span className="muted">granted</span>
  return event.message === undefined ? (
    (event.reason ?? '')
  ) : (
    // One element: a cell that stacks lays its children out side by side.
    <span>
      <Words text={event.message} />
    </span>
  )
}

import { Link } from 'react-router'
import type { AuditEvent } from '../../api/event'
import { changeInWords } from '../../lib/changes'
import { Badge, Outcome } from '../../ui/badge'
import { type Column, Table } from '../../ui/table'
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
    <Table
      className="events"
      rows={events}
      columns={agent ? [what, whose, ...rest] : [what, ...rest]}
      keyOf={({ sequence }) => sequence}
      isFresh={({ sequence }) => fresh !== undefined && sequence > fresh}
    />
  )
}

const what: Column<AuditEvent> = {
  name: 'What',
  cell: (event) => (
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
  ),
}

const whose: Column<AuditEvent> = {
  name: 'Agent',
  cell: ({ agentId }) =>
    agentId ? <Link to={`/agents/${encodeURIComponent(agentId)}`}>{agentId}</Link> : <span className="muted">—</span>,
}

const rest: readonly Column<AuditEvent>[] = [
  { name: 'Why', className: 'event-why', cell: (event) => <Why event={event} /> },
  {
    name: 'Reported by',
    className: 'muted',
    cell: ({ kind, reporter }) => (kind === 'admin' ? 'the issuer' : reporter),
  },
  {
    name: 'When',
    className: 'muted event-when',
    cell: ({ evaluatedAt, receivedAt }) => <When at={evaluatedAt ?? receivedAt} />,
  },
]

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

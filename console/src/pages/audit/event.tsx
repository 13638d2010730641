import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearchParams } from 'react-router'
import { api, body } from '../../api/client'
import type { AuditEvent, Detail } from '../../api/event'
import { Guarded } from '../../app/guarded'
import { changeInWords } from '../../lib/changes'
import { Badge, Outcome } from '../../ui/badge'
import { Card } from '../../ui/card'
import { CodeBlock, Id } from '../../ui/copy'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { type Column, Table } from '../../ui/table'
import { Moment } from '../../ui/time'
import { Words } from '../../ui/words'
import { What } from './event-table'
import { GrantsSaid } from './grants-said'
import { Proof } from './proof'
import './audit.css'

export function EventPage() {
  return (
    <Guarded needs="audit.read" title="Event">
      <LoadedEvent />
    </Guarded>
  )
}

const above = <Link to="/audit">Audit</Link>

function LoadedEvent() {
  const { requestId = '' } = useParams()
  const [search] = useSearchParams()
  const reporter = search.get('reporter') ?? undefined
  const events = useQuery({
    queryKey: ['events', 'of', requestId, reporter],
    queryFn: async () => {
      const page = await body(api.GET('/v1/audit/events', { params: { query: { requestId } } }))
      const events = page.items as unknown as AuditEvent[]
      return events.filter((event) => reporter === undefined || event.reporter === reporter)
    },
  })
  if (events.isPending) return <Loading what="the event" />
  if (events.isError) {
    return (
      <Page title="Event" above={above}>
        <Fault error={events.error} again={() => events.refetch()} />
      </Page>
    )
  }
  const [first] = events.data
  if (first === undefined) {
    return (
      <Page title="Event" above={above}>
        <Empty title="The log has no event with this id">
          It may not have been delivered yet: a service without a network keeps its reports and brings them later.
        </Empty>
      </Page>
    )
  }
  return (
    <Page title={titleOf(first)} beside={<Kind event={first} />} above={above}>
      {events.data.length > 1 && (
        <p className="bad">
          <strong>There are {events.data.length} events under this id, and they do not agree.</strong> All of them are
          kept and shown.
        </p>
      )}
      {events.data.map((event) => (
        <EventInFull key={event.sequence} event={event} />
      ))}
      {explained(first) && <GrantsSaid event={first} />}
      {first.requestId !== undefined && <Proof requestId={first.requestId} reporter={first.reporter} />}
    </Page>
  )
}

/** A gap is no decision, and of an event whose body was dropped too little is left. */
function explained(event: AuditEvent): boolean {
  return (
    event.kind === 'decision' && event.gap === undefined && event.bodyDropped !== true && event.requestId !== undefined
  )
}

function titleOf(event: AuditEvent): string {
  if (event.change !== undefined) return changeInWords(event.change)
  if (event.gap !== undefined) return 'Decisions that were lost'
  return event.action
    ? `${event.action}${event.resource ? ` on ${event.resource}` : ''}`
    : 'A request that was not read'
}

function Kind({ event }: { event: AuditEvent }) {
  if (event.kind === 'admin') return <Badge tone="accent">change</Badge>
  if (event.gap !== undefined) return <Badge tone="bad">gap</Badge>
  return <Outcome of={event.outcome} />
}

function EventInFull({ event }: { event: AuditEvent }) {
  return (
    <div className="grid-main">
      <Card title="Why">
        <Reason event={event} />
        {event.details !== undefined && event.details.length > 0 && <Clauses event={event} />}
        {event.attributes !== undefined && Object.keys(event.attributes).length > 0 && (
          <>
            <h3>What was asked</h3>
            <dl className="facts">
              {Object.entries(event.attributes).map(([name, value]) => (
                <Attribute key={name} name={name} value={value} />
              ))}
            </dl>
          </>
        )}
        <details>
          <summary>The event as it is kept</summary>
          <CodeBlock text={JSON.stringify(event, null, 2)} what="the event" />
        </details>
      </Card>
      <Card title="About it">
        <Facts event={event} />
      </Card>
    </div>
  )
}

function Reason({ event }: { event: AuditEvent }) {
  if (event.bodyDropped)
    return <p className="muted">Its body was dropped by age. Its hash is kept, so that the log still proves itself.</p>
  if (event.gap !== undefined) {
    return (
      <p>
        {event.gap.count.toLocaleString('en')} decisions were lost: {event.gap.why}.
      </p>
    )
  }
  if (event.kind === 'admin')
    return <p>A change at the issuer: {event.change === undefined ? 'unknown' : changeInWords(event.change)}.</p>
  const how = event.outcome === 'allow' ? 'was' : event.outcome === 'deny' ? 'was denied:' : 'was asked about:'
  return (
    <p>
      <strong>
        <What event={event} />
      </strong>{' '}
      {how} <Words text={event.message ?? event.reason ?? 'no reason was given'} />.
    </p>
  )
}

/** An attribute is never an object or `null`: what stands there as one was put in its place (docs/format.md F7.32). */
function isHidden(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value))
}

/** Each clause that did not hold: what was demanded and what was given. */
function Clauses({ event }: { event: AuditEvent }) {
  const columns: Column<Detail>[] = [
    { name: 'Attribute', cell: ({ attribute }) => <code>{attribute}</code> },
    { name: 'Grant', cell: ({ grant }) => grant },
    {
      name: 'Demanded',
      cell: ({ operator, expected }) => (
        <span>
          {operator ?? 'to be there'}{' '}
          <code>{expected === null || expected === undefined ? '' : JSON.stringify(expected)}</code>
        </span>
      ),
    },
    {
      name: 'Given',
      cell: ({ attribute, actual }) =>
        isHidden(event.attributes?.[attribute]) ? (
          <span className="muted">hidden</span>
        ) : actual === null || actual === undefined ? (
          <span className="muted">nothing</span>
        ) : (
          <code>{JSON.stringify(actual)}</code>
        ),
    },
  ]
  return (
    <Table
      caption="Clauses that did not hold"
      rows={event.details ?? []}
      columns={columns}
      keyOf={({ grant, attribute, operator }) => `${grant} ${attribute} ${operator}`}
    />
  )
}

function Attribute({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <dt>
        <code>{name}</code>
      </dt>
      <dd>
        {isHidden(value) ? (
          <span className="muted">hidden from the log</span>
        ) : (
          <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
        )}
      </dd>
    </>
  )
}

function Facts({ event }: { event: AuditEvent }) {
  return (
    <dl className="facts">
      {event.requestId !== undefined && (
        <>
          <dt>Request</dt>
          <dd>
            <Id of={event.requestId} what="the request's id" />
          </dd>
        </>
      )}
      {event.agentId && (
        <>
          <dt>Agent</dt>
          <dd>
            <Link to={`/agents/${encodeURIComponent(event.agentId)}`}>{event.agentId}</Link>
          </dd>
        </>
      )}
      {event.passportId && (
        <>
          <dt>Passport</dt>
          <dd>
            <Link to={`/passports/${encodeURIComponent(event.passportId)}`}>{event.passportId}</Link>
          </dd>
        </>
      )}
      {event.evaluatedAt && (
        <>
          <dt>Decided</dt>
          <dd>
            <Moment at={event.evaluatedAt} />
          </dd>
        </>
      )}
      <dt>Received</dt>
      <dd>
        <Moment at={event.receivedAt} />
      </dd>
      <dt>Reported by</dt>
      <dd>{event.kind === 'admin' ? 'the issuer' : event.reporter}</dd>
      {event.trustSequence !== undefined && (
        <>
          <dt>By trust</dt>
          <dd>{event.trustSequence}</dd>
        </>
      )}
      <dt>Place in the log</dt>
      <dd>{event.sequence}</dd>
    </dl>
  )
}

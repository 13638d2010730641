import { useState } from 'react'
import { api, body } from '../../api/client'
import type { AuditEvent } from '../../api/event'
import { given, useList } from '../../api/lists'
import { Guarded } from '../../app/guarded'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Icon } from '../../ui/icon'
import { Listing } from '../../ui/listing'
import { Page } from '../../ui/page'
import { useFilters } from '../../ui/search'
import { EventTable } from './event-table'
import { Export } from './export'
import { FilterBar } from './filter-bar'
import { queryOf } from './filters'
import { type TailState, useTail } from './use-tail'
import './audit.css'

export function Audit() {
  return (
    <Guarded needs="audit.read" title="Audit">
      <Log />
    </Guarded>
  )
}

function Log() {
  const { get, set, clear } = useFilters()
  const [exporting, setExporting] = useState(false)
  const query = queryOf(get)
  const list = useList(['audit', 'events', query], async (cursor) => {
    const page = await body(
      api.GET('/v1/audit/events', { params: { query: { ...query, limit: 50, ...given({ cursor }) } } }),
    )
    return page as unknown as { items: AuditEvent[]; nextCursor?: string | null }
  })
  const paused = get('live') === 'off'
  // From what the first page begins with; from now on, where it is empty and nothing can lie between.
  const newest = list.data?.pages[0]?.items[0]?.sequence
  const tail = useTail(query, list.isSuccess ? (newest ?? 0) : undefined, !paused)
  const seen = new Set(tail.events.map(({ sequence }) => sequence))
  const events = [...tail.events, ...list.items.filter(({ sequence }) => !seen.has(sequence))]
  const narrowed = Object.keys(query).length > 0
  return (
    <Page
      title="Audit"
      lead="Every decision that verifiers reported, and every change at the issuer, in a log that proves itself."
      actions={
        <>
          <TailSwitch state={tail.state} paused={paused} onChange={(on) => set('live', on ? '' : 'off')} />
          <button type="button" className="button" onClick={() => setExporting(true)}>
            <Icon name="down" /> Export
          </button>
        </>
      }
    >
      <FilterBar get={get} set={set} clear={clear} />
      <Card>
        <Listing
          of={list}
          items={list.isSuccess ? events : undefined}
          what="the log"
          empty={
            list.hasNextPage ? (
              <Empty title="Nothing so far; there is more to look through">
                Looking for attributes goes through the log piece by piece.
              </Empty>
            ) : (
              <Empty
                title={narrowed ? 'No event is like that' : 'The log is empty'}
                action={
                  narrowed && (
                    <button type="button" className="button" onClick={clear}>
                      Show all
                    </button>
                  )
                }
              >
                {narrowed
                  ? 'Filters match exactly, upper and lower case included. New events that fit appear here by themselves.'
                  : 'The first decision that a service reports appears here by itself.'}
              </Empty>
            )
          }
        >
          {(items) => <EventTable events={items} fresh={newest} />}
        </Listing>
      </Card>
      {exporting && <Export query={query} onClose={() => setExporting(false)} />}
    </Page>
  )
}

const words: Record<TailState, string> = {
  live: 'Live',
  connecting: 'Connecting',
  broken: 'Connecting again',
  off: 'Paused',
}

function TailSwitch({ state, paused, onChange }: { state: TailState; paused: boolean; onChange(on: boolean): void }) {
  return (
    <div className="row">
      <span className={`tail is-${state}`} role="status">
        {words[state]}
      </span>
      <button type="button" className="button" onClick={() => onChange(paused)}>
        {paused ? 'Follow' : 'Pause'}
      </button>
    </div>
  )
}

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body, type Schemas } from '../../api/client'
import { given, useList } from '../../api/lists'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Confirm } from '../../ui/confirm'
import { Empty } from '../../ui/empty'
import { Listing } from '../../ui/listing'
import { ChoiceFilter, useFilters } from '../../ui/search'
import { type Column, Table } from '../../ui/table'
import { When } from '../../ui/time'
import type { Webhook } from './webhooks'

const states = [
  ['', 'Any'],
  ['pending', 'Pending'],
  ['done', 'Done'],
  ['dead', 'Dead'],
] as const

/** The messages that did not come about at once: what is tried again, what came through, and what was given up. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const may = useMay()
  const { get, set, clear } = useFilters()
  const [replaying, setReplaying] = useState(false)
  const id = webhook.webhookId
  const query = given({ state: get('state') })
  const list = useList(
    ['webhooks', 'deliveries', id, query],
    (cursor) =>
      body(
        api.GET('/v1/webhooks/{id}/deliveries', {
          params: { path: { id }, query: { ...query, ...given({ cursor }) } },
        }),
      ),
    15_000,
  )
  return (
    <Card
      title="Deliveries that did not come about at once"
      lead="What is tried again, what came through at last, and what was given up. What arrives at the first try is not here."
      aside={
        may('webhooks.write') && (
          <button type="button" className="button" onClick={() => setReplaying(true)}>
            Send dead ones again
          </button>
        )
      }
    >
      <div className="toolbar">
        <ChoiceFilter label="State" value={get('state')} options={states} onChange={(state) => set('state', state)} />
      </div>
      <Listing
        of={list}
        items={list.items}
        what="the deliveries"
        narrowed={get('state') !== '' && { title: 'No delivery is like that', clear }}
        empty={<Empty title="Every message arrived at its first try" />}
      >
        {(deliveries) => <Table rows={deliveries} columns={columns} keyOf={({ messageId }) => messageId} />}
      </Listing>
      {replaying && <Replay id={id} onClose={() => setReplaying(false)} />}
    </Card>
  )
}

const columns: readonly Column<Schemas['Delivery']>[] = [
  {
    name: 'Message',
    cell: ({ messageId, sequence }) => <span title={messageId}>Event {sequence.toLocaleString('en')}</span>,
  },
  { name: 'State', cell: ({ state }) => <State of={state} /> },
  { name: 'Attempts', number: true, cell: ({ attempts }) => attempts },
  { name: 'Tried', className: 'muted', cell: ({ triedAt }) => <When at={triedAt} /> },
  { name: 'Next', className: 'muted', cell: ({ nextAt }) => (nextAt ? <When at={nextAt} /> : '—') },
  { name: 'What went wrong', className: 'is-breaking', cell: ({ lastError }) => lastError ?? '—' },
]

function Replay({ id, onClose }: { id: string; onClose(): void }) {
  const queries = useQueryClient()
  const replay = async () => {
    await body(api.POST('/v1/webhooks/{id}/replay', { params: { path: { id } } }))
    await queries.invalidateQueries({ queryKey: ['webhooks'] })
  }
  return (
    <Confirm title="Send dead messages again?" act="Send again" onClose={onClose} onConfirm={replay}>
      <p>
        Every message that was given up is pending again, with ten attempts before it and the id that it had: a receiver
        knows it by that, if it came after all.
      </p>
    </Confirm>
  )
}

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body, type Schemas } from '../../api/client'
import { given, useList } from '../../api/lists'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Confirm } from '../../ui/confirm'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { More } from '../../ui/more'
import { ChoiceFilter, useFilters } from '../../ui/search'
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
  const { get, set } = useFilters()
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
      {list.isPending && <Loading what="the deliveries" />}
      {list.isError && <Fault error={list.error} again={() => list.refetch()} />}
      {list.isSuccess &&
        (list.items.length === 0 ? <Empty title="No delivery is like that" /> : <Table deliveries={list.items} />)}
      <More list={list} />
      {replaying && <Replay id={id} onClose={() => setReplaying(false)} />}
    </Card>
  )
}

function Table({ deliveries }: { deliveries: readonly Schemas['Delivery'][] }) {
  return (
    <div className="table-wrap">
      <table className="is-stacking">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">State</th>
            <th scope="col" className="is-number">
              Attempts
            </th>
            <th scope="col">Tried</th>
            <th scope="col">Next</th>
            <th scope="col">What went wrong</th>
          </tr>
        </thead>
        <tbody>
          {deliveries.map((delivery) => (
            <tr key={delivery.messageId}>
              <td>
                <span title={delivery.messageId}>{delivery.sequence.toLocaleString('en')}</span>
              </td>
              <td data-column="State">
                <State of={delivery.state} />
              </td>
              <td data-column="Attempts" className="is-number">
                {delivery.attempts}
              </td>
              <td data-column="Tried" className="muted">
                <When at={delivery.triedAt} />
              </td>
              <td data-column="Next" className="muted">
                {delivery.nextAt ? <When at={delivery.nextAt} /> : '—'}
              </td>
              <td data-column="What went wrong" className="is-breaking">
                {delivery.lastError ?? '—'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

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

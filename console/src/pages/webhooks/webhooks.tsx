import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { api, body, type Schemas } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { When } from '../../ui/time'
import { NewWebhook } from './new-webhook'
import { Secret } from './secret'

export type Webhook = Schemas['Webhook']

export function Webhooks() {
  return (
    <Guarded needs="webhooks.read" title="Webhooks">
      <WebhookList />
    </Guarded>
  )
}

export function stateOf(webhook: Webhook): string {
  return webhook.disabledAt ? 'disabled' : 'enabled'
}

function WebhookList() {
  const may = useMay()
  const [creating, setCreating] = useState(false)
  const [made, setMade] = useState<Webhook>()
  const list = useQuery({
    queryKey: ['webhooks', 'list'],
    queryFn: () => body(api.GET('/v1/webhooks')),
  })
  const create = may('webhooks.write') && (
    <button type="button" className="button is-first" onClick={() => setCreating(true)}>
      New webhook
    </button>
  )
  return (
    <Page
      title="Webhooks"
      lead="Who is told of events as they come, by a signed message to an address of theirs."
      actions={create}
    >
      {made !== undefined && <Secret of={made} />}
      {list.isPending && <Loading what="the webhooks" />}
      {list.isError && <Fault error={list.error} again={() => list.refetch()} />}
      {list.isSuccess && (
        <Card>
          {list.data.items.length === 0 ? (
            <Empty title="Nobody is told yet" action={create}>
              A webhook brings decisions, questions for approval and changes to a service of yours: a chat, a pager, a
              log of your own.
            </Empty>
          ) : (
            <Table webhooks={list.data.items} />
          )}
        </Card>
      )}
      {creating && <NewWebhook onClose={() => setCreating(false)} onCreated={setMade} />}
    </Page>
  )
}

function Table({ webhooks }: { webhooks: readonly Webhook[] }) {
  return (
    <div className="table-wrap">
      <table className="is-stacking">
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">State</th>
            <th scope="col">Told of</th>
            <th scope="col">Created</th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((webhook) => (
            <tr key={webhook.webhookId}>
              <td className="is-breaking">
                <Link to={`/webhooks/${encodeURIComponent(webhook.webhookId)}`}>
                  {webhook.url.replace(/^https:\/\//, '')}
                </Link>
                {webhook.description && <p className="muted small">{webhook.description}</p>}
              </td>
              <td data-column="State">
                <State of={stateOf(webhook)} />
              </td>
              <td data-column="Told of" className="is-breaking">
                <code>{webhook.events.join(', ')}</code>
              </td>
              <td data-column="Created" className="muted">
                <When at={webhook.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

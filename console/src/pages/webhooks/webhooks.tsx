import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { api, body, type Schemas } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Listing } from '../../ui/listing'
import { Page } from '../../ui/page'
import { type Column, Table } from '../../ui/table'
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
      <Card>
        <Listing
          of={list}
          items={list.data?.items}
          what="the webhooks"
          empty={
            <Empty title="Nobody is told yet" action={create}>
              A webhook brings decisions, questions for approval and changes to a service of yours: a chat, a pager, a
              log of your own.
            </Empty>
          }
        >
          {(webhooks) => <Table rows={webhooks} columns={columns} keyOf={({ webhookId }) => webhookId} />}
        </Listing>
      </Card>
      {creating && <NewWebhook onClose={() => setCreating(false)} onCreated={setMade} />}
    </Page>
  )
}

const columns: readonly Column<Webhook>[] = [
  {
    name: 'Address',
    className: 'is-breaking',
    cell: ({ webhookId, url, description }) => (
      <div>
        <Link to={`/webhooks/${encodeURIComponent(webhookId)}`}>{url.replace(/^https:\/\//, '')}</Link>
        {description && <div className="small muted">{description}</div>}
      </div>
    ),
  },
  { name: 'State', cell: (webhook) => <State of={stateOf(webhook)} /> },
  { name: 'Told of', className: 'is-breaking', cell: ({ events }) => <code>{events.join(', ')}</code> },
  { name: 'Created', className: 'muted', cell: ({ createdAt }) => <When at={createdAt} /> },
]

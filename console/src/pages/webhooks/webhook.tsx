import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { api, body } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Confirm, Reason, textOf } from '../../ui/confirm'
import { Id } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { Moment } from '../../ui/time'
import { Deliveries } from './deliveries'
import { filters } from './filters'
import { Secret } from './secret'
import { stateOf, type Webhook } from './webhooks'

export function WebhookPage() {
  return (
    <Guarded needs="webhooks.read" title="Webhook">
      <LoadedWebhook />
    </Guarded>
  )
}

const above = <Link to="/webhooks">Webhooks</Link>

function LoadedWebhook() {
  const { id = '' } = useParams()
  const webhook = useQuery({
    queryKey: ['webhooks', 'one', id],
    queryFn: () => body(api.GET('/v1/webhooks/{id}', { params: { path: { id } } })),
  })
  if (webhook.isPending) return <Loading what="the webhook" />
  if (webhook.isError) {
    return (
      <Page title="Webhook" above={above}>
        <Fault error={webhook.error} again={() => webhook.refetch()} />
      </Page>
    )
  }
  return <InFull webhook={webhook.data} />
}

type Act = 'enable' | 'disable' | 'delete' | 'rotate'

function InFull({ webhook }: { webhook: Webhook }) {
  const may = useMay()
  const [act, setAct] = useState<Act>()
  const [rotated, setRotated] = useState<Webhook>()
  const button = (name: Act, words: string, bad: boolean) => (
    <button type="button" className={bad ? 'button is-bad' : 'button'} onClick={() => setAct(name)}>
      {words}
    </button>
  )
  return (
    <Page
      title={webhook.url.replace(/^https:\/\//, '')}
      beside={<State of={stateOf(webhook)} />}
      above={above}
      lead={webhook.description}
      actions={
        may('webhooks.write') && (
          <>
            {button('rotate', 'New secret', false)}
            {webhook.disabledAt ? button('enable', 'Enable', false) : button('disable', 'Disable', false)}
            {button('delete', 'Delete', true)}
          </>
        )
      }
    >
      {rotated !== undefined && <Secret of={rotated} />}
      <Card title="About it">
        <Facts webhook={webhook} />
      </Card>
      <Deliveries webhook={webhook} />
      {act !== undefined && (
        <Change act={act} webhook={webhook} onClose={() => setAct(undefined)} onRotated={setRotated} />
      )}
    </Page>
  )
}

function Facts({ webhook }: { webhook: Webhook }) {
  const narrowed = filters.filter(({ name }) => webhook.filter[name])
  const facts: [string, ReactNode][] = [
    ['Id', <Id key="id" of={webhook.webhookId} what="the webhook's id" />],
    ['Told of', <code key="events">{webhook.events.join(', ')}</code>],
    ...narrowed.map(({ name, label }): [string, ReactNode] => [
      `Only ${label}`,
      <code key={name}>{webhook.filter[name]}</code>,
    ]),
    [
      'Created',
      <span key="created">
        <Moment at={webhook.createdAt} /> by {webhook.createdBy}
      </span>,
    ],
    ['Has come to', `event ${webhook.sequence.toLocaleString('en')} of the log`],
  ]
  if (webhook.oldSecretUntil) facts.push(['Old secret signs', <Moment key="old" at={webhook.oldSecretUntil} />])
  if (webhook.disabledAt) {
    facts.push([
      'Disabled',
      <span key="disabled">
        <Moment at={webhook.disabledAt} />
        {webhook.disabledBecause && `: ${webhook.disabledBecause}`}
      </span>,
    ])
  }
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

interface ChangeProps {
  act: Act
  webhook: Webhook
  onClose(): void
  onRotated(webhook: Webhook): void
}

const words: Record<Act, [title: string, act: string, told: string]> = {
  enable: ['Enable this webhook?', 'Enable', 'It goes on where it stopped: everything that came since is sent.'],
  disable: ['Disable this webhook?', 'Disable', 'Nothing is sent until it is enabled; nothing is lost by that.'],
  delete: [
    'Delete this webhook?',
    'Delete',
    'Nothing more is sent, and what waits is forgotten. A new one to the same address has another secret.',
  ],
  rotate: [
    'Make a new secret?',
    'Make a new secret',
    'It is shown once. For 24 hours messages are signed with both, so that the receiver can change over.',
  ],
}

function Change({ act, webhook, onClose, onRotated }: ChangeProps) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const params = { params: { path: { id: webhook.webhookId } } }
  const [title, name, told] = words[act]
  const change = async (form: FormData) => {
    if (act === 'delete') {
      await body(api.DELETE('/v1/webhooks/{id}', params))
      await queries.invalidateQueries({ queryKey: ['webhooks', 'list'] })
      navigate('/webhooks')
      return
    }
    if (act === 'enable') await body(api.POST('/v1/webhooks/{id}/enable', params))
    if (act === 'rotate') onRotated(await body(api.POST('/v1/webhooks/{id}/rotate-secret', params)))
    if (act === 'disable') {
      const reason = textOf(form, 'reason')
      await body(api.POST('/v1/webhooks/{id}/disable', { ...params, ...(reason && { body: { reason } }) }))
    }
    await queries.invalidateQueries({ queryKey: ['webhooks'] })
  }
  return (
    <Confirm title={title} act={name} bad={act === 'delete'} onClose={onClose} onConfirm={change}>
      <p>{told}</p>
      {act === 'disable' && <Reason />}
    </Confirm>
  )
}

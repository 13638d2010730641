import { Link, useLocation } from 'react-router'
import { api, body, type Template } from '../../api/client'
import { given, useList } from '../../api/lists'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Icon } from '../../ui/icon'
import { Listing } from '../../ui/listing'
import { Page } from '../../ui/page'
import { type Column, Table } from '../../ui/table'
import { When } from '../../ui/time'
import { templatePath } from './paths'

export function Templates() {
  return (
    <Guarded needs="templates.read" title="Templates">
      <TemplateList />
    </Guarded>
  )
}

function TemplateList() {
  const may = useMay()
  const list = useList(['templates', 'list'], (cursor) =>
    body(api.GET('/v1/templates', { params: { query: { limit: 200, ...given({ cursor }) } } })),
  )
  const create = may('templates.write') && (
    <Link className="button is-first" to="/templates/new">
      New template
    </Link>
  )
  return (
    <Page
      title="Templates"
      lead="Grants with parameters: written once, with care, and issued many times."
      actions={create}
    >
      <Deleted />
      <Card>
        <Listing
          of={list}
          items={list.items}
          what="the templates"
          empty={
            <Empty title="There is no template yet" action={create}>
              A template says what a kind of agent may do and leaves open what differs from one to the next, such as a
              team or a limit. Who issues by it fills in that and nothing else.
            </Empty>
          }
        >
          {(templates) => <Table rows={templates} columns={columns} keyOf={({ name }) => name} />}
        </Listing>
      </Card>
    </Page>
  )
}

const columns: readonly Column<Template>[] = [
  {
    name: 'Template',
    cell: ({ name, description }) => (
      <div>
        <Link to={templatePath(name)}>{name}</Link>
        {description && <div className="small muted">{description}</div>}
      </div>
    ),
  },
  {
    name: 'Leaves open',
    cell: ({ parameters }) =>
      Object.keys(parameters).length === 0 ? (
        <span className="muted">nothing</span>
      ) : (
        <code>{Object.keys(parameters).join(', ')}</code>
      ),
  },
  { name: 'Revision', cell: ({ revision }) => revision },
  {
    name: 'Saved',
    className: 'muted',
    cell: ({ savedAt, savedBy }) => (
      <span>
        <When at={savedAt} /> by {savedBy}
      </span>
    ),
  },
]

/** What the page of a template that was deleted a moment ago has brought here. */
export interface DeletedState {
  deleted: string
  live: number
}

function Deleted() {
  const { state } = useLocation()
  const gone = state as DeletedState | null
  if (gone?.deleted === undefined) return null
  return (
    <div className="notice is-good" role="status">
      <Icon name="good" />
      <p>
        <strong>The template {gone.deleted} is deleted.</strong>{' '}
        {gone.live === 0
          ? 'No live passport came of it.'
          : `${gone.live.toLocaleString('en')} live ${gone.live === 1 ? 'passport' : 'passports'} of it ${gone.live === 1 ? 'stays' : 'stay'} until revoked or over.`}
      </p>
    </div>
  )
}

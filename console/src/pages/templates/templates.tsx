import { Link, useLocation } from 'react-router'
import { api, body, type Template } from '../../api/client'
import { given, useList } from '../../api/lists'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Icon } from '../../ui/icon'
import { Loading } from '../../ui/loading'
import { More } from '../../ui/more'
import { Page } from '../../ui/page'
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
      {list.isPending && <Loading what="the templates" />}
      {list.isError && <Fault error={list.error} again={() => list.refetch()} />}
      {list.isSuccess && (
        <Card>
          {list.items.length === 0 ? (
            <Empty title="There is no template yet" action={create}>
              A template says what a kind of agent may do and leaves open what differs from one to the next, such as a
              team or a limit. Who issues by it fills in that and nothing else.
            </Empty>
          ) : (
            <TemplateTable templates={list.items} />
          )}
          <More list={list} />
        </Card>
      )}
    </Page>
  )
}

function TemplateTable({ templates }: { templates: readonly Template[] }) {
  return (
    <div className="table-wrap">
      <table className="is-stacking">
        <thead>
          <tr>
            <th scope="col">Template</th>
            <th scope="col">Leaves open</th>
            <th scope="col">Revision</th>
            <th scope="col">Saved</th>
          </tr>
        </thead>
        <tbody>
          {templates.map((template) => (
            <tr key={template.name}>
              <td>
                <div>
                  <Link to={templatePath(template.name)}>{template.name}</Link>
                  {template.description && <div className="small muted">{template.description}</div>}
                </div>
              </td>
              <td data-column="Leaves open">
                {Object.keys(template.parameters).length === 0 ? (
                  <span className="muted">nothing</span>
                ) : (
                  <code>{Object.keys(template.parameters).join(', ')}</code>
                )}
              </td>
              <td data-column="Revision">{template.revision}</td>
              <td data-column="Saved" className="muted">
                <span>
                  <When at={template.savedAt} /> by {template.savedBy}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

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

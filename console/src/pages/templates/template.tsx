import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { api, body, type Template } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { members, pretty } from '../../lib/json'
import { span } from '../../lib/time'
import { Badge } from '../../ui/badge'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { Moment } from '../../ui/time'
import { DeleteTemplate } from './delete'
import { Expanded } from './expanded'
import { templatePath } from './paths'

export function TemplatePage() {
  return (
    <Guarded needs="templates.read" title="Template">
      <LoadedTemplate />
    </Guarded>
  )
}

/** A template, and the text that it was answered in: there, numbers have the digits that they were saved with. */
export function useTemplate(name: string) {
  return useQuery({
    queryKey: ['templates', 'one', name],
    queryFn: async () => {
      const text = await body(api.GET('/v1/templates/{name}', { params: { path: { name } }, parseAs: 'text' }))
      return { template: JSON.parse(text) as Template, said: members(text) }
    },
    // What is changed next is never an older revision that was still in memory.
    refetchOnMount: 'always',
  })
}

function LoadedTemplate() {
  const { name = '' } = useParams()
  const one = useTemplate(name)
  if (one.isPending) return <Loading what="the template" />
  if (one.isError) {
    return (
      <Page title="Template" above={<Link to="/templates">Templates</Link>}>
        <Fault error={one.error} again={() => one.refetch()} />
      </Page>
    )
  }
  return <TemplateInFull key={name} {...one.data} />
}

function TemplateInFull({ template, said }: { template: Template; said: Record<string, string> }) {
  const may = useMay()
  const [deleting, setDeleting] = useState(false)
  const open = Object.keys(template.parameters).length > 0
  return (
    <Page
      title={template.name}
      beside={<Badge tone="accent">{`revision ${template.revision}`}</Badge>}
      lead={template.description ?? undefined}
      above={<Link to="/templates">Templates</Link>}
      actions={
        <>
          {may('passports.issue') && (
            <Link className="button is-first" to={`/issue?template=${encodeURIComponent(template.name)}`}>
              Issue by it
            </Link>
          )}
          {may('templates.write') && (
            <>
              <Link className="button" to={`${templatePath(template.name)}/change`}>
                Change
              </Link>
              <button type="button" className="button is-bad" onClick={() => setDeleting(true)}>
                Delete
              </button>
            </>
          )}
        </>
      }
    >
      <div className="grid-main">
        <div className="stack-l">
          <Expanded template={template} />
          <Card title="As it is kept">
            {open && (
              <>
                <h3>What it leaves open</h3>
                <CodeBlock text={pretty(said.parameters ?? '{}')} what="the parameters" />
              </>
            )}
            <h3>Its grants</h3>
            <CodeBlock text={pretty(said.grants ?? '[]')} what="the grants" />
          </Card>
        </div>
        <Card title="About it">
          <Facts template={template} />
        </Card>
      </div>
      {deleting && <DeleteTemplate name={template.name} onClose={() => setDeleting(false)} />}
    </Page>
  )
}

function Facts({ template }: { template: Template }) {
  return (
    <dl className="facts">
      <dt>For</dt>
      <dd>
        {template.audience?.map((audience) => <div key={audience}>{audience}</div>) ?? (
          <span className="muted">who issues by it says so</span>
        )}
      </dd>
      <dt>Lives</dt>
      <dd>
        {template.expiresIn ? (
          `${span(template.expiresIn)}, unless said otherwise`
        ) : (
          <span className="muted">who issues by it says so</span>
        )}
      </dd>
      <dt>Created</dt>
      <dd>
        <Moment at={template.createdAt} /> by {template.createdBy}
      </dd>
      <dt>Saved</dt>
      <dd>
        <Moment at={template.savedAt} /> by {template.savedBy}
      </dd>
    </dl>
  )
}

import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { api, body, type Schemas, type Template } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { Guarded } from '../../app/guarded'
import { Card } from '../../ui/card'
import { Fault } from '../../ui/fault'
import { Mistakes } from '../../ui/field'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { ComesTo } from './comes-to'
import { bodyOf, contentOf, example, mistakesIn, type TemplateContent } from './content'
import { TemplateFields } from './fields'
import { templatePath } from './paths'
import { useTemplate } from './template'
import { useTried, VALUES } from './use-tried'

/** A new template, or another revision of one. */
export function EditTemplate() {
  const { name } = useParams()
  return (
    <Guarded needs="templates.write" title={name === undefined ? 'New template' : 'Change a template'}>
      {name === undefined ? <Editor begun={example} /> : <Changed name={name} />}
    </Guarded>
  )
}

function Changed({ name }: { name: string }) {
  const one = useTemplate(name)
  if (one.isError) {
    return (
      <Page title="Change a template" above={<Link to="/templates">Templates</Link>}>
        <Fault error={one.error} again={() => one.refetch()} />
      </Page>
    )
  }
  if (!one.isFetchedAfterMount || one.data === undefined) return <Loading what="the template" />
  const { template, said } = one.data
  return <Editor begun={contentOf(template, said)} changes={template} />
}

interface EditorProps {
  begun: TemplateContent
  changes?: Template
}

function Editor({ begun, changes }: EditorProps) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [content, setContent] = useState(begun)
  // What was there when the change was begun: another revision since then is not overwritten.
  const [revision] = useState(changes?.revision)
  const [tried, setTried] = useState(false)
  const [failed, setFailed] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const own = mistakesIn(content)
  const comesTo = useTried(changes?.name ?? 'new', content, own.length === 0)
  const mistakes = tried && own.length > 0 ? own : (failed?.faults ?? comesTo.ofTemplate)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    setFailed(undefined)
    if (own.length > 0) return
    setBusy(true)
    // Sent as it was written, so that a number keeps its digits.
    const text = bodyOf(content, revision)
    const sent = { body: JSON.parse(text) as Schemas['SaveTemplate'], bodySerializer: () => text }
    try {
      const saved = await body(
        changes === undefined
          ? api.POST('/v1/templates', sent)
          : api.PUT('/v1/templates/{name}', { params: { path: { name: changes.name } }, ...sent }),
      )
      await queries.invalidateQueries({ queryKey: ['templates'] })
      navigate(templatePath(saved.name))
    } catch (error) {
      setFailed(asProblem(error))
      setBusy(false)
    }
  }

  return (
    <Page
      title={changes === undefined ? 'New template' : `Change ${changes.name}`}
      lead={
        changes === undefined
          ? 'What is written here is an example: change it to what your agents need.'
          : 'It becomes another revision. Passports that were issued before stay as they are.'
      }
      above={
        <Link to={changes === undefined ? '/templates' : templatePath(changes.name)}>
          {changes?.name ?? 'Templates'}
        </Link>
      }
    >
      <Mistakes value={mistakes}>
        <div className="grid-main">
          <form className="stack-l" onSubmit={submit} noValidate>
            <Card>
              <TemplateFields
                content={content}
                named={changes === undefined}
                onChange={(change) => {
                  setFailed(undefined)
                  setContent({ ...content, ...change })
                }}
              />
            </Card>
            {failed !== undefined && failed.faults.length === 0 && <Fault error={failed} />}
            {(failed?.faults.length || (tried && own.length > 0)) && (
              <p className="bad" role="alert">
                Nothing was saved: what is wrong stands beside each field.
              </p>
            )}
            <p>
              <button type="submit" className="button is-first" disabled={busy}>
                {busy ? 'Saving …' : changes === undefined ? 'Create the template' : 'Save as a new revision'}
              </button>
            </p>
          </form>
          <div className="aside-sticky">
            <ComesTo
              title="What it would come to"
              declared={comesTo.declared}
              typed={comesTo.typed}
              onType={comesTo.setTyped}
              at={VALUES}
              written
              waits={waitsFor(own.length === 0, comesTo)}
              found={comesTo.found}
              problem={comesTo.problem}
            />
          </div>
        </div>
      </Mistakes>
    </Page>
  )
}

/** What is missing before it can be tried. */
function waitsFor(isJson: boolean, { begun }: ReturnType<typeof useTried>): string | undefined {
  if (!isJson) return 'Once both are JSON, this shows what it would allow.'
  if (!begun) return 'Fill in what it leaves open, and this shows what it would allow.'
  return undefined
}

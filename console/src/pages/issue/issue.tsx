import { type FormEvent, useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { api, body, type Schemas, type Template } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { Guarded } from '../../app/guarded'
import { Card } from '../../ui/card'
import { Fault, sentence } from '../../ui/fault'
import { Mistakes } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { useNow } from '../../ui/time'
import { Words } from '../../ui/words'
import { bodyOf, declaredIn, missing } from './draft'
import { GrantFields } from './grant-fields'
import { Issued } from './issued'
import { LifeFields } from './life-fields'
import { ParameterFields } from './parameter-fields'
import { placesOf, unplaced } from './places'
import { Preview, usePreview } from './preview'
import { StartChoice, useTemplates } from './start-choice'
import { grantDraft } from './starts'
import { useDraft } from './use-draft'
import { WhoFields } from './who-fields'
import './issue.css'

export function Issue() {
  return (
    <Guarded needs="passports.issue" title="Issue a passport">
      <IssueForm />
    </Guarded>
  )
}

function IssueForm() {
  const [search] = useSearchParams()
  const templates = useTemplates()
  const { draft, set, start, choose } = useDraft(search.get('agent') ?? '', search.get('template') ?? '', templates)
  const [tried, setTried] = useState(false)
  const [failed, setFailed] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const [issued, setIssued] = useState<{ passport: Schemas['IssuedPassport']; order: Schemas['IssuePassport'] }>()
  const now = useNow(60)

  const template = templates.find(({ name }) => name === draft.template)
  const order = useMemo(() => bodyOf(draft, template, now), [draft, template, now])
  const lacking = missing(draft, template)
  const ready = lacking.length === 0
  const preview = usePreview(order, ready)
  const problem = failed ?? (ready && preview.isError ? asProblem(preview.error) : undefined)
  const mistakes = tried && !ready ? lacking : (problem?.faults ?? [])
  const homeless = unplaced(mistakes, placesOf(draft, template))

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    setFailed(undefined)
    if (!ready) {
      focusFirstMistake()
      return
    }
    setBusy(true)
    try {
      const passport = await body(api.POST('/v1/passports', { body: order }))
      // What a template came to is what can be tried on it.
      const { audience, grants } = { ...preview.data, ...order }
      setIssued({ passport, order: { ...order, ...(audience && { audience }), ...(grants && { grants }) } })
    } catch (error) {
      setFailed(asProblem(error))
      focusFirstMistake()
    } finally {
      setBusy(false)
    }
  }

  if (issued !== undefined)
    return <Issued issued={issued.passport} order={issued.order} again={() => setIssued(undefined)} />
  const change = (next: Partial<typeof draft>) => {
    setFailed(undefined)
    set(next)
  }
  return (
    <Page
      title="Issue a passport"
      lead="Start from a template or a common case; what it would allow is shown while you write."
    >
      <Mistakes value={mistakes}>
        <form className="grid-main" onSubmit={submit} noValidate>
          <div className="stack-l">
            <Card title="Start from">
              <StartChoice chosen={start} templates={templates} onChoose={choose} />
            </Card>
            <Card title="Who and where">
              <WhoFields draft={draft} onChange={change} inherited={template?.audience ?? []} />
            </Card>
            <Card title={template === undefined ? 'What it allows' : `What ${template.name} leaves open`}>
              {template === undefined ? (
                <>
                  {draft.grants.map((grant, index) => (
                    <GrantFields
                      key={grant.key}
                      index={index}
                      grant={grant}
                      onChange={(changed) =>
                        change({ grants: draft.grants.map((each) => (each.key === changed.key ? changed : each)) })
                      }
                      onRemove={
                        draft.grants.length > 1
                          ? () => change({ grants: draft.grants.filter((each) => each.key !== grant.key) })
                          : undefined
                      }
                    />
                  ))}
                  <p>
                    <button
                      type="button"
                      className="button"
                      onClick={() => change({ grants: [...draft.grants, grantDraft()] })}
                    >
                      <Icon name="issue" /> Add a grant
                    </button>
                  </p>
                </>
              ) : (
                <Parameters
                  template={template}
                  values={draft.parameters}
                  onChange={(parameters) => change({ parameters })}
                />
              )}
            </Card>
            <Card title="How long">
              <LifeFields draft={draft} onChange={change} />
            </Card>
          </div>
          <div className="stack-l aside-sticky">
            <Preview preview={preview} ready={ready} />
            {homeless.length > 0 && (
              <div className="notice is-bad" role="alert">
                <Icon name="care" />
                <ul className="stack">
                  {homeless.map(({ pointer, detail }) => (
                    <li key={pointer + detail}>
                      <Words text={sentence(detail)} /> <code>{pointer}</code>
                    </li>
                  ))}
                </ul>
              </div>
            )}
            {failed !== undefined && failed.faults.length === 0 && <Fault error={failed} />}
            {failed !== undefined && failed.faults.length > 0 && (
              <p className="bad" role="alert">
                The issuer refused it, and nothing was made: what is wrong stands beside each field.
              </p>
            )}
            {tried && !ready && (
              <p className="bad" role="alert">
                Something is missing: it is said beside each field.
              </p>
            )}
            <button type="submit" className="button is-first" disabled={busy}>
              {busy ? 'Issuing …' : 'Issue the passport'}
            </button>
          </div>
        </form>
      </Mistakes>
    </Page>
  )
}

/** Brings who wrote to the first field that has to change. */
function focusFirstMistake() {
  window.setTimeout(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), 50)
}

interface ParametersProps {
  template: Template
  values: Record<string, string>
  onChange(values: Record<string, string>): void
}

function Parameters({ template, values, onChange }: ParametersProps) {
  const declared = declaredIn(template.parameters)
  if (Object.keys(declared).length === 0) return <p className="muted">This template leaves nothing open.</p>
  return <ParameterFields declared={declared} values={values} at="/parameters" onChange={onChange} />
}

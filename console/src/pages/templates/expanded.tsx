import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body, type Template } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useSettled } from '../../lib/settled'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Mistakes } from '../../ui/field'
import { Described } from '../../ui/words'
import { parametersOf } from '../issue/draft'
import { ParameterFields } from '../issue/parameter-fields'

/** What a template comes to with values for what it leaves open, asked of the issuer whenever typing pauses. */
export function Expanded({ template }: { template: Template }) {
  const { name, revision } = template
  const [typed, setTyped] = useState<Record<string, string>>({})
  const parameters = useSettled(parametersOf(template, typed))
  const declared = Object.values(template.parameters as Record<string, { default?: unknown }>)
  const open = declared.length > 0
  // Nobody has made a mistake before anything is typed.
  const begun =
    declared.every((one) => one.default !== undefined) || Object.values(typed).some((text) => text.trim() !== '')
  const expanded = useQuery({
    queryKey: ['templates', 'expanded', name, revision, parameters],
    queryFn: ({ signal }) =>
      body(api.POST('/v1/templates/{name}/expand', { params: { path: { name } }, body: { parameters }, signal })),
    enabled: begun,
    placeholderData: (before) => before,
  })
  const problem = expanded.isError ? asProblem(expanded.error) : undefined
  const mistakes = problem?.faults ?? []
  const homeless = mistakes.filter(({ pointer }) => !pointer.startsWith('/parameters/'))
  return (
    <Mistakes value={mistakes}>
      <Card title="What it comes to" lead={open ? 'Try values for what it leaves open. Nothing is issued.' : undefined}>
        {open && <ParameterFields template={template} values={typed} onChange={setTyped} />}
        <div className="stack" aria-live="polite">
          {begun && expanded.data !== undefined && problem === undefined && (
            <>
              <Described sentences={expanded.data.describe} />
              <details>
                <summary>The grants as they would be signed</summary>
                <CodeBlock text={JSON.stringify(expanded.data.grants, null, 2)} what="the grants as signed" />
              </details>
            </>
          )}
          {!begun && <p className="muted">Fill in what it leaves open, and this shows what it would allow.</p>}
          {problem !== undefined &&
            (problem.faults.length === 0 || homeless.length > 0 ? (
              <Fault error={problem} />
            ) : (
              <p className="bad">With these values it would be refused. The mistakes are beside their fields.</p>
            ))}
        </div>
      </Card>
    </Mistakes>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body, type Template } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useSettled } from '../../lib/settled'
import { declaredIn } from '../issue/draft'
import { ComesTo, type Values, valuesOf } from './comes-to'

/** What a saved template comes to, asked of the issuer whenever typing pauses. */
export function Expanded({ template }: { template: Template }) {
  const { name, revision } = template
  const [typed, setTyped] = useState<Values>({})
  const declared = declaredIn(template.parameters)
  const { begun, values } = valuesOf(declared, typed)
  const parameters = useSettled(values)
  const expanded = useQuery({
    queryKey: ['templates', 'expanded', name, revision, parameters],
    queryFn: ({ signal }) =>
      body(api.POST('/v1/templates/{name}/expand', { params: { path: { name } }, body: { parameters }, signal })),
    enabled: begun,
    placeholderData: (before) => before,
  })
  return (
    <ComesTo
      title="What it comes to"
      declared={declared}
      typed={typed}
      onType={setTyped}
      at="/parameters"
      waits={begun ? undefined : 'Fill in what it leaves open, and this shows what it would allow.'}
      found={expanded.data}
      problem={expanded.isError ? asProblem(expanded.error) : undefined}
    />
  )
}

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body, type Schemas } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useSettled } from '../../lib/settled'
import { declaredIn } from '../issue/draft'
import { type Values, valuesOf } from './comes-to'
import type { TemplateContent } from './content'

/** Where values stand in what is asked. */
export const VALUES = '/values'

/** What a template under the pen would come to, asked of the issuer whenever typing pauses. Nothing is saved. */
export function useTried(name: string, { parameters, grants }: TemplateContent, isJson: boolean) {
  const [typed, setTyped] = useState<Values>({})
  const declared = isJson ? declaredIn(JSON.parse(parameters)) : {}
  const { begun, values } = valuesOf(declared, typed)
  // Sent as it was written, so that a number keeps its digits.
  const text = useSettled(
    isJson ? `{"parameters":${parameters},"grants":${grants},"values":${JSON.stringify(values)}}` : '',
  )
  const tried = useQuery({
    queryKey: ['templates', 'tried', name, text],
    queryFn: ({ signal }) =>
      body(
        api.POST('/v1/templates/{name}/preview', {
          params: { path: { name } },
          body: JSON.parse(text) as Schemas['PreviewTemplate'],
          bodySerializer: () => text,
          signal,
        }),
      ),
    enabled: isJson && begun && text !== '',
    placeholderData: (before) => before,
    gcTime: 60_000,
  })
  const problem = isJson && begun && tried.isError ? asProblem(tried.error) : undefined
  const ofTemplate = problem?.faults.filter(({ pointer }) => !pointer.startsWith(VALUES)) ?? []
  return { typed, setTyped, declared, begun, found: tried.data, problem, ofTemplate }
}

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, body, type Template } from '../../api/client'
import { useMay } from '../../app/session'
import { starts } from './starts'

/** The saved templates, newest first; none for who may not read them. */
export function useTemplates(): readonly Template[] {
  const may = useMay()
  const templates = useQuery({
    queryKey: ['templates'],
    queryFn: () => body(api.GET('/v1/templates', { params: { query: { limit: 200 } } })),
    enabled: may('templates.read'),
  })
  return useMemo(() => templates.data?.items ?? [], [templates.data])
}

interface StartChoiceProps {
  /** `template:` and its name, or the id of a starting point. */
  chosen: string
  templates: readonly Template[]
  onChoose(id: string): void
}

export function StartChoice({ chosen, templates, onChoose }: StartChoiceProps) {
  const common = useMemo(starts, [])
  return (
    <fieldset className="starts" aria-label="Start from">
      {templates.map(({ name, description, revision }) => (
        <label key={`template:${name}`} className="start">
          <input
            type="radio"
            name="start"
            checked={chosen === `template:${name}`}
            onChange={() => onChoose(`template:${name}`)}
          />
          <span className="start-kind">Template, revision {revision}</span>
          <span className="start-name">{name}</span>
          {description && <span className="small muted">{description}</span>}
        </label>
      ))}
      {common.map(({ id, name, about }) => (
        <label key={id} className="start">
          <input type="radio" name="start" checked={chosen === id} onChange={() => onChoose(id)} />
          <span className="start-name">{name}</span>
          <span className="small muted">{about}</span>
        </label>
      ))}
    </fieldset>
  )
}

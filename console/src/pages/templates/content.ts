import type { Template } from '../../api/client'
import type { Fault } from '../../api/problem'
import { pretty, wrongWith } from '../../lib/json'
import { list, type UnitName, units } from '../issue/draft'
import { inUnits } from '../issue/use-draft'

/** What the form holds, as text: JSON goes out as it was written. */
export interface TemplateContent {
  name: string
  description: string
  parameters: string
  grants: string
  audience: string
  /** Empty where who issues by it says how long. */
  life: string
  unit: UnitName
}

/** How a parameter stands in a text. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is of the templates' own language
export const slot = '${team}'

export const example: TemplateContent = {
  name: '',
  description: '',
  parameters: pretty(
    '{"team":{"type":"string","description":"whose reports"},"limit":{"type":"number","max":1000,"default":50}}',
  ),
  grants: pretty(
    `[{"resource":"reports/${slot}/**","allowedActions":["read"],"constraints":{"pages":{"max":{"$param":"limit"}}}}]`,
  ),
  audience: 'https://reports.example',
  life: '8',
  unit: 'hours',
}

export function contentOf(template: Template, said: Record<string, string>): TemplateContent {
  const life = template.expiresIn ? inUnits(template.expiresIn) : undefined
  return {
    name: template.name,
    description: template.description ?? '',
    parameters: pretty(said.parameters ?? '{}'),
    grants: pretty(said.grants ?? '[]'),
    audience: (template.audience ?? []).join(', '),
    life: life === undefined ? '' : String(life.life),
    unit: life?.unit ?? 'hours',
  }
}

/** What cannot be sent as it stands. Everything else is for the issuer to say. */
export function mistakesIn({ parameters, grants }: TemplateContent): Fault[] {
  return [
    ['/parameters', parameters],
    ['/grants', grants],
  ].flatMap(([pointer = '', text = '']) => {
    const detail = wrongWith(text)
    return detail === undefined ? [] : [{ pointer, detail }]
  })
}

/** The body that saves it, as text. */
export function bodyOf(content: TemplateContent, revision: number | undefined): string {
  const audience = list(content.audience)
  const members: [string, string][] = [
    ['name', JSON.stringify(content.name.trim())],
    ...(revision === undefined ? [] : [['revision', String(revision)] as [string, string]]),
    ...(content.description.trim() === ''
      ? []
      : [['description', JSON.stringify(content.description.trim())] as [string, string]]),
    ['parameters', content.parameters],
    ['grants', content.grants],
    ...(audience.length === 0 ? [] : [['audience', JSON.stringify(audience)] as [string, string]]),
    ...(content.life.trim() === ''
      ? []
      : [['expiresIn', String(Math.round(Number(content.life) * units[content.unit]))] as [string, string]]),
  ]
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

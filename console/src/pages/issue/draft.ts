import type { Schemas } from '../../api/client'

/** What the form holds: text as it was typed, so that nothing is lost on the way to a mistake. */
export interface ConstraintDraft {
  key: number
  attribute: string
  operator: OperatorName
  value: string
}

export interface GrantDraft {
  key: number
  resource: string
  allowed: string
  blocked: string
  requiresApproval: boolean
  approvers: number
  /** What of a request's attributes is kept from the log, and the names that this is about. */
  kept: Kept
  keptNames: string
  constraints: ConstraintDraft[]
}

/** Which attributes are kept from the log, in words, and the member of the grant that says so. */
export const keeps = {
  nothing: { words: 'nothing', member: undefined },
  these: { words: 'these', member: 'sensitiveAttributes' },
  others: { words: 'all but these', member: 'shownAttributes' },
} as const
export type Kept = keyof typeof keeps

export interface Draft {
  agentId: string
  audience: string
  /** The name of a saved template, or empty where the grants are written here. */
  template: string
  parameters: Record<string, string>
  grants: GrantDraft[]
  life: number
  unit: UnitName
  onBehalfOf: string
  /** For how many days it can be renewed by its holder; empty where it cannot. */
  renewDays: string
}

export const units = { minutes: 60, hours: 3_600, days: 86_400 } as const
export type UnitName = keyof typeof units

export const operators = {
  max: { words: 'at most', hint: '500.00', list: false },
  min: { words: 'at least', hint: '1', list: false },
  equals: { words: 'is', hint: 'USD', list: false },
  notEquals: { words: 'is not', hint: 'USD', list: false },
  oneOf: { words: 'is one of', hint: 'a.example, b.example', list: true },
  noneOf: { words: 'is none of', hint: 'a.example, b.example', list: true },
  under: { words: 'is a path under', hint: '/data/reports', list: true },
  host: { words: 'is on the host', hint: 'shop.example, *.shop.example', list: true },
  glob: { words: 'matches', hint: 'reports/*.pdf', list: true },
  cidr: { words: 'is in the network', hint: '10.0.0.0/8', list: true },
} as const
export type OperatorName = keyof typeof operators

let keys = 0
export const nextKey = () => ++keys

export function list(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

/** One value of a constraint: numbers, `true` and `false` as such, text otherwise; in quotes it is text whatever it looks like. */
export function scalar(text: string): string | number | boolean {
  const trimmed = text.trim()
  if (/^".*"$/.test(trimmed)) return trimmed.slice(1, -1)
  if (trimmed === 'true') return true
  if (trimmed === 'false') return false
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,6})?$/.test(trimmed) && String(Number(trimmed)) === trimmed) return Number(trimmed)
  return trimmed
}

function operand(constraint: ConstraintDraft): unknown {
  const { operator, value } = constraint
  if (operator === 'min' || operator === 'max') return value.trim()
  if (operator === 'oneOf' || operator === 'noneOf') return list(value).map(scalar)
  return operators[operator].list ? list(value) : scalar(value)
}

export function grantOf(draft: GrantDraft): Record<string, unknown> {
  const constraints: Record<string, Record<string, unknown>> = {}
  for (const constraint of draft.constraints) {
    const attribute = constraint.attribute.trim()
    if (attribute === '') continue
    constraints[attribute] = { ...constraints[attribute], [constraint.operator]: operand(constraint) }
  }
  const blocked = list(draft.blocked)
  const { member } = keeps[draft.kept]
  const names = list(draft.keptNames)
  return {
    type: 'permission_passport',
    resource: draft.resource.trim(),
    allowedActions: list(draft.allowed),
    ...(blocked.length > 0 ? { blockedActions: blocked } : {}),
    ...(draft.requiresApproval ? { requiresApproval: true } : {}),
    ...(draft.requiresApproval && draft.approvers > 1 ? { approvers: draft.approvers } : {}),
    ...(Object.keys(constraints).length > 0 ? { constraints } : {}),
    // No name at all is an order too where all others are kept: then every attribute is.
    ...(member === undefined || (member === 'sensitiveAttributes' && names.length === 0) ? {} : { [member]: names }),
  }
}

/** A parameter as a template declares it. */
export interface Declared {
  type?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  min?: unknown
  max?: unknown
  maxLength?: number
}

/** A template's declarations; what is none, as in one that is being written, is left out. */
export function declaredIn(parameters: unknown): Record<string, Declared> {
  if (!isObject(parameters)) return {}
  return Object.fromEntries(Object.entries(parameters).filter(([, one]) => isObject(one)))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of a parameter as its template declares it; `undefined` where nothing was typed, so that its default holds. */
function parameterOf(declaration: Declared, typed: string): unknown {
  if (typed.trim() === '') return undefined
  if (declaration.type === 'number') return typed.trim()
  if (declaration.type === 'boolean') return typed === 'true'
  if (declaration.type === 'strings') return list(typed)
  return typed.trim()
}

/** The body of `POST /v1/passports`. `now` is in seconds since 1970. */
export function bodyOf(draft: Draft, template: Schemas['Template'] | undefined, now: number): Schemas['IssuePassport'] {
  const audience = list(draft.audience)
  const days = Number(draft.renewDays)
  const base = {
    agentId: draft.agentId,
    ...(audience.length > 0 || template === undefined ? { audience } : {}),
    expiresIn: Math.round(draft.life * units[draft.unit]),
    ...(draft.onBehalfOf.trim() === '' ? {} : { onBehalfOf: draft.onBehalfOf.trim() }),
    ...(draft.renewDays.trim() === '' || Number.isNaN(days)
      ? {}
      : { renewUntil: new Date((now + days * units.days) * 1000).toISOString().replace(/\.\d+Z$/, 'Z') }),
  }
  if (template === undefined) return { ...base, grants: draft.grants.map(grantOf) }
  return {
    ...base,
    template: template.name,
    parameters: parametersOf(declaredIn(template.parameters), draft.parameters),
  }
}

/** The values of a template's parameters, of what was typed for them. */
export function parametersOf(
  declared: Record<string, Declared>,
  typed: Record<string, string>,
): Record<string, unknown> {
  const values = Object.entries(declared).flatMap(([name, declaration]) => {
    const value = parameterOf(declaration, typed[name] ?? '')
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(values)
}

/** What has to be filled in before the issuer can be asked about it, each with where it stands in the body. */
export function missing(
  draft: Draft,
  template: Schemas['Template'] | undefined,
): { pointer: string; detail: string }[] {
  const found: { pointer: string; detail: string }[] = []
  if (draft.agentId === '') found.push({ pointer: '/agentId', detail: 'choose the agent that will carry it' })
  const inherits = (template?.audience?.length ?? 0) > 0
  if (list(draft.audience).length === 0 && !inherits)
    found.push({ pointer: '/audience', detail: 'name at least one service that it is for, by its URL' })
  if (!(draft.life > 0)) found.push({ pointer: '/expiresIn', detail: 'say how long it lives' })
  if (template !== undefined) return found
  for (const [index, grant] of draft.grants.entries()) {
    if (grant.resource.trim() === '')
      found.push({ pointer: `/grants/${index}/resource`, detail: 'name what the grant is about' })
    if (list(grant.allowed).length === 0 && list(grant.blocked).length === 0)
      found.push({ pointer: `/grants/${index}/allowedActions`, detail: 'name at least one action' })
    for (const constraint of grant.constraints) {
      if (constraint.attribute.trim() !== '' && constraint.value.trim() === '')
        found.push({
          pointer: `/grants/${index}/constraints/${pointerPart(constraint.attribute.trim())}/${constraint.operator}`,
          detail: 'give the value to compare with',
        })
    }
  }
  return found
}

/** A name as a part of a JSON pointer (RFC 6901). */
export function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

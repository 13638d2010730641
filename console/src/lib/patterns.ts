import type { Grant } from './describe'

/** Whether a resource pattern covers a resource (docs/format.md F2.4): `*` is one segment, a last `**` any number of them. */
export function covers(pattern: string, resource: string): boolean {
  const wanted = pattern.split('/')
  const given = resource.split('/')
  const open = wanted.at(-1) === '**'
  if (open) wanted.pop()
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false
  return wanted.every((segment, index) => segment === '*' || segment === given[index])
}

/** Whether an action pattern has an action (F2.5): an exact name, or a prefix and one final star. */
export function matches(pattern: string, action: string): boolean {
  return pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : pattern === action
}

export type Said = 'blocks' | 'decided' | 'unmet' | 'allows' | 'ended' | 'other-action' | 'other-resource'

export interface Asked {
  action?: string | null
  resource?: string | null
  evaluatedAt?: string | null
  outcome?: string
  grant?: number | null
  details?: readonly { grant: number }[]
}

/** What a grant said to a request, as far as the decision that was reported and the grant itself tell. */
export function saidTo(grant: Grant, index: number, asked: Asked): Said {
  const { action, resource, evaluatedAt } = asked
  if (asked.grant === index) return 'decided'
  // A request that names no resource is held against every grant.
  if (resource && !covers(grant.resource ?? '', resource)) return 'other-resource'
  if (grant.expiresAt !== undefined && evaluatedAt && Date.parse(grant.expiresAt) <= Date.parse(evaluatedAt))
    return 'ended'
  if (action && grant.blockedActions?.some((pattern) => matches(pattern, action))) return 'blocks'
  if (!action || !grant.allowedActions?.some((pattern) => matches(pattern, action))) return 'other-action'
  return asked.details?.some((detail) => detail.grant === index) ? 'unmet' : 'allows'
}

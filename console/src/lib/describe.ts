/** A grant as it is signed (docs/format.md section 2). */
export interface Grant {
  resource?: string
  allowedActions?: string[]
  blockedActions?: string[]
  requiresApproval?: boolean
  approvers?: number
  expiresAt?: string
  constraints?: Record<string, Record<string, unknown>>
}

const quote = (text: string) => `\`${text}\``

function either(names: readonly string[]): string {
  const words = names.map((name) => (name === '*' ? 'anything' : quote(name)))
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}

const shown = (value: unknown) => (typeof value === 'string' ? quote(value) : JSON.stringify(value))
const several = (value: unknown) => (Array.isArray(value) ? value.map(shown).join(', ') : shown(value))
const plain = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

const phrases: Record<string, (operand: unknown) => string> = {
  equals: (operand) => `equal to ${shown(operand)}`,
  notEquals: (operand) => `not ${shown(operand)}`,
  oneOf: (operand) => `one of ${several(operand)}`,
  noneOf: (operand) => `none of ${several(operand)}`,
  min: (operand) => `at least ${plain(operand)}`,
  max: (operand) => `at most ${plain(operand)}`,
  glob: (operand) => `like ${several(operand)}`,
  under: (operand) => `below ${several(operand)}`,
  host: (operand) => `on the host ${several(operand)}`,
  cidr: (operand) => `in the network ${several(operand)}`,
}

function demand([attribute, operators]: [string, Record<string, unknown>]): string {
  const clauses = Object.entries(operators).map(
    ([name, operand]) => phrases[name]?.(operand) ?? `${name} ${JSON.stringify(operand)}`,
  )
  return `${quote(attribute)} ${clauses.length === 0 ? 'given' : clauses.join(' and ')}`
}

/** What grants allow and forbid, a sentence each. `passport inspect --as prompt` says the same to the agent. */
export function describe(grants: readonly Grant[]): string[] {
  return grants.flatMap((grant) => {
    const on = `on ${quote(grant.resource ?? '')}`
    const sentences: string[] = []
    if ((grant.allowedActions ?? []).length > 0) {
      const demands = Object.entries(grant.constraints ?? {}).map(demand)
      const people = grant.approvers ?? 1
      sentences.push(
        [
          `May ${either(grant.allowedActions ?? [])} ${on}`,
          demands.length > 0 && `, with ${demands.join(', ')}`,
          grant.expiresAt !== undefined && `, until ${grant.expiresAt}`,
          grant.requiresApproval &&
            (people > 1 ? `, once ${people} different people have approved it` : ', once a person has approved it'),
        ]
          .filter(Boolean)
          .join(''),
      )
    }
    if ((grant.blockedActions ?? []).length > 0)
      sentences.push(`Must never ${either(grant.blockedActions ?? [])} ${on}`)
    return sentences
  })
}

import type { Schemas } from '../../api/client'
import { scalar } from './draft'

type Grant = { resource?: string; allowedActions?: string[]; constraints?: Record<string, Record<string, unknown>> }

/** A value that a constraint holds for, where one is easily made. */
function valueFor(operators: Record<string, unknown>): string | undefined {
  const first = (value: unknown) => (Array.isArray(value) ? value[0] : value)
  for (const name of ['equals', 'oneOf', 'max', 'min', 'under']) {
    const value = first(operators[name])
    if (value !== undefined) return typeof value === 'string' && scalar(value) !== value ? value : String(value)
  }
  const host = first(operators.host)
  if (typeof host === 'string') return host.replace(/^\*\./, 'www.')
  return undefined
}

/** A request that the first grant allows, as a beginning. */
export function requestFor(order: Schemas['IssuePassport']): { action: string; resource: string; attributes: string } {
  const grants = (order.grants ?? []) as Grant[]
  const grant = grants.find(({ allowedActions }) => (allowedActions?.length ?? 0) > 0)
  const actions = grant?.allowedActions ?? []
  const action = (actions[actions.length > 1 && grant?.constraints ? 1 : 0] ?? '').replace(/\*$/, 'read')
  const resource = (grant?.resource ?? '').replaceAll('**', 'one').replaceAll('*', 'one')
  const attributes = Object.entries(grant?.constraints ?? {}).flatMap(([name, operators]) => {
    const value = valueFor(operators)
    return value === undefined ? [] : [`${name}=${value}`]
  })
  return { action, resource, attributes: attributes.join('\n') }
}

/** Attributes as they are typed: a name, `=` and a value on each line. */
export function attributesOf(text: string): Record<string, string | number | boolean> {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=')
    const name = line.slice(0, at).trim()
    return at < 1 || name === '' ? [] : [[name, asAttribute(line.slice(at + 1))] as const]
  })
  return Object.fromEntries(pairs)
}

/** A decimal in a string is as good as a number for limits, and keeps its digits: only plain whole numbers become numbers. */
function asAttribute(text: string): string | number | boolean {
  const value = scalar(text)
  return typeof value === 'number' && !Number.isInteger(value) ? text.trim() : value
}

/** The same from a terminal, with the decision reported as a service reports it. */
export function terminal(
  session: { agentId: string; issuer: string },
  audience: string,
  request: Record<string, unknown>,
): string {
  const asked = JSON.stringify({ passport: '@TOKEN@', audience, request }).replace(
    '@TOKEN@',
    `'"$(cat agent.passport)"'`,
  )
  return `export ISSUER=${session.issuer}
call() { curl -sS "$ISSUER$1" -H "Authorization: Bearer $(cat admin.passport)" \\
  -H 'Content-Type: application/json' -d "$2"; }

decision=$(call /v1/verify '${asked}')
echo "$decision"
call /v1/audit/events '{"reporter": "${session.agentId}", "events": ['"\${decision%\\}}, \\"seq\\": $(date +%s)}"']}'`
}

import { given } from '../../api/lists'
import { attributesOf } from '../issue/sample'

/** The filters of the log, as they stand in the page's address. */
export const filterNames = [
  'kind',
  'outcome',
  'agentId',
  'action',
  'resource',
  'reason',
  'reporter',
  'passportId',
  'from',
  'to',
  'attributes',
] as const
export type FilterName = (typeof filterNames)[number]
export type Query = { [K in FilterName]?: string }

/** What stands in the address as the API takes it: a local time becomes UTC, `name=value` becomes JSON. */
export function queryOf(get: (name: string) => string): Query {
  return given({
    kind: get('kind'),
    outcome: get('outcome'),
    agentId: get('agentId'),
    action: get('action'),
    resource: get('resource'),
    reason: get('reason'),
    reporter: get('reporter'),
    passportId: get('passportId'),
    from: utc(get('from')),
    to: utc(get('to')),
    attributes: attributesQuery(get('attributes')),
  })
}

/** A time as the browser's field has it, without a zone, in UTC. What is no time is left out. */
function utc(local: string): string {
  if (local === '') return ''
  const date = new Date(local)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace(/\.\d+Z$/, 'Z')
}

export function attributesQuery(text: string): string {
  const attributes = attributesOf(text.replaceAll(',', '\n'))
  return Object.keys(attributes).length === 0 ? '' : JSON.stringify(attributes)
}

import type { AuditEvent } from '../../api/event'

/** The columns of an export (docs/format.md F8.10), in their order. */
const columns = [
  'sequence',
  'eventId',
  'kind',
  'reporter',
  'receivedAt',
  'conflict',
  'requestId',
  'seq',
  'evaluatedAt',
  'outcome',
  'reason',
  'agentId',
  'passportId',
  'action',
  'resource',
] as const

/** A text is in quotes always, so that an empty one is told from none at all. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Events as CSV by RFC 4180, with the columns of `passport audit export`. */
export function csvOf(events: readonly AuditEvent[]): string {
  const lines = events.map((event) =>
    [...columns.map((column) => cell(event[column])), cell(event.attributes), cell(JSON.stringify(event))].join(','),
  )
  return [[...columns, 'attributes', 'event'].join(','), ...lines, ''].join('\r\n')
}

export function jsonLines(events: readonly AuditEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

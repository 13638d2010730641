import { api, body } from '../../api/client'
import type { AuditEvent } from '../../api/event'
import { given } from '../../api/lists'
import type { Query } from './filters'

/** More than this is not held in a browser's memory. */
export const MOST = 50_000

/** All events that the filters find, page by page, the oldest first. `whole` is false where it stopped at the most. */
export async function collect(
  query: Query,
  signal: AbortSignal,
  onCount: (count: number) => void,
): Promise<{ events: AuditEvent[]; whole: boolean }> {
  const events: AuditEvent[] = []
  let cursor: string | undefined
  do {
    const page = await body(
      api.GET('/v1/audit/events', {
        params: { query: { ...query, order: 'oldest', limit: 1_000, ...given({ cursor }) } },
        signal,
      }),
    )
    events.push(...(page.items as unknown as AuditEvent[]))
    onCount(events.length)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && events.length < MOST)
  return { events, whole: cursor === undefined }
}

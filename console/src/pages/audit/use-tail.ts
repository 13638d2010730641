import { useEffect, useState } from 'react'
import type { AuditEvent } from '../../api/event'
import type { Query } from './filters'

export type TailState = 'off' | 'connecting' | 'live' | 'broken'

/** Events kept in sight; older ones are on the pages below. */
const KEPT = 500

/** What comes after `after`, the newest first, as the issuer accepts it. A stream that breaks goes on where it was. */
export function useTail(
  query: Query,
  after: number | undefined,
  on: boolean,
): { events: AuditEvent[]; state: TailState } {
  const [events, setEvents] = useState<AuditEvent[]>([])
  const [state, setState] = useState<TailState>('off')
  const key = JSON.stringify(query)

  // biome-ignore lint/correctness/useExhaustiveDependencies: other filters are another tail
  useEffect(() => setEvents([]), [key, after])

  useEffect(() => {
    if (!on || after === undefined) {
      setState('off')
      return
    }
    let last = after
    let stream: EventSource | undefined
    let timer: number | undefined
    let waiting: AuditEvent[] = []

    const flush = () => {
      timer = undefined
      const come = waiting.reverse()
      waiting = []
      setEvents((before) => [...come, ...before].slice(0, KEPT))
    }
    const take = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as AuditEvent
      if (event.sequence <= last) return
      last = event.sequence
      waiting.push(event)
      // Many at once are drawn at once.
      timer ??= window.setTimeout(flush, 100)
    }
    let again: number | undefined
    const open = () => {
      setState('connecting')
      const filters = JSON.parse(key) as Record<string, string>
      stream = new EventSource(`/v1/audit/stream?${new URLSearchParams({ ...filters, after: String(last) })}`)
      stream.onopen = () => setState('live')
      stream.addEventListener('decision', take)
      stream.addEventListener('admin', take)
      stream.onerror = () => {
        setState('broken')
        // A stream that was refused is not opened again by the browser.
        if (stream?.readyState === EventSource.CLOSED) again = window.setTimeout(open, 5_000)
      }
    }
    open()
    return () => {
      stream?.close()
      window.clearTimeout(timer)
      window.clearTimeout(again)
    }
  }, [key, after, on])

  return { events, state }
}

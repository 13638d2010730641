import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, body, type Schemas } from '../api/client'
import { useMay } from './session'

const LIST = ['approvals', 'pending']
const query = { state: 'pending', limit: 100 } as const

/** For how many seconds the issuer is asked to wait: as long as it does. */
const WAIT = 25

/** The approvals that wait for somebody. They are kept fresh by `useApprovalNews`. */
export function usePendingApprovals() {
  const may = useMay()
  return useQuery({
    queryKey: LIST,
    queryFn: ({ signal }) => body(api.GET('/v1/approvals', { params: { query }, signal })),
    enabled: may('approvals.read'),
    staleTime: 60_000,
  })
}

export function usePending(): number {
  return usePendingApprovals().data?.items.length ?? 0
}

/** Waits at the issuer for another list of approvals, over and over, while the console is in sight. */
export function useApprovalNews() {
  const may = useMay()
  const queries = useQueryClient()
  const allowed = may('approvals.read')
  useEffect(() => {
    if (!allowed) return
    let waiting = new AbortController()
    const inSight = () => {
      // A page that nobody looks at holds no place at the issuer, and none of the browser's few connections.
      waiting.abort()
      if (document.hidden) return
      waiting = new AbortController()
      void follow(queries, waiting.signal)
    }
    inSight()
    document.addEventListener('visibilitychange', inSight)
    return () => {
      document.removeEventListener('visibilitychange', inSight)
      waiting.abort()
    }
  }, [allowed, queries])
}

async function follow(queries: QueryClient, signal: AbortSignal) {
  while (!signal.aborted) {
    const known = queries.getQueryData<Schemas['ApprovalPage']>(LIST)?.version
    // The first list is on its way, or could not be had: who looks at it is told so.
    if (known === undefined) {
      await pause(500, signal)
      continue
    }
    const began = Date.now()
    try {
      const page = await body(
        api.GET('/v1/approvals', { params: { query: { ...query, unless: known, wait: WAIT } }, signal }),
      )
      if (signal.aborted) return
      if (page.version !== known) {
        queries.setQueryData(LIST, page)
        void queries.invalidateQueries({ queryKey: ['approvals', 'one'] })
        void queries.invalidateQueries({ queryKey: ['approvals', 'decided'] })
      } else if (Date.now() - began < 2_000) {
        // It did not wait: too many do.
        await pause(3_000, signal)
      }
    } catch {
      if (signal.aborted) return
      // What is wrong is told by the list itself.
      void queries.invalidateQueries({ queryKey: LIST })
      await pause(5_000, signal)
    }
  }
}

/** Resolves after so many milliseconds, or once it is called off. */
function pause(length: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = window.setTimeout(done, length)
    signal.addEventListener('abort', () => {
      window.clearTimeout(timer)
      done()
    })
  })
}

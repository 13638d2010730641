import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, body, type Schemas } from '../api/client'
import { given } from '../api/lists'
import { useMay } from './session'

const KEY = ['approvals', 'pending']

/** The approvals that wait for somebody. The issuer holds each question until there is something new, so that it shows at once. */
export function usePendingApprovals() {
  const may = useMay()
  const queries = useQueryClient()
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => {
      const unless = queries.getQueryData<Schemas['Page_Approval'] & { version?: string }>(KEY)?.version
      const query = { state: 'pending' as const, limit: 100, ...given({ unless, wait: unless === undefined ? undefined : 25 }) }
      return body(api.GET('/v1/approvals', { params: { query }, signal }))
    },
    enabled: may('approvals.read'),
    // Again at once after each answer; slower where it fails, or where the issuer does not hold the question.
    refetchInterval: ({ state }) => (state.status === 'error' || state.data?.version === undefined ? 4_000 : 300),
  })
}

export function usePending(): number {
  return usePendingApprovals().data?.items.length ?? 0
}

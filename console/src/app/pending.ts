import { useQuery } from '@tanstack/react-query'
import { api, body } from '../api/client'
import { useMay } from './session'

/** The approvals that wait for somebody, asked for again every two seconds while the console is in sight. */
export function usePendingApprovals() {
  const may = useMay()
  return useQuery({
    queryKey: ['approvals', 'pending'],
    queryFn: ({ signal }) =>
      body(api.GET('/v1/approvals', { params: { query: { state: 'pending', limit: 100 } }, signal })),
    enabled: may('approvals.read'),
    refetchInterval: 2_000,
  })
}

export function usePending(): number {
  return usePendingApprovals().data?.items.length ?? 0
}

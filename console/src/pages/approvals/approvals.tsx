import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { type Approval, api, body } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { usePendingApprovals } from '../../app/pending'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { useFilters } from '../../ui/search'
import { Segments } from '../../ui/segments'
import { ApprovalInFull } from './approval'
import { ApprovalList } from './approval-list'
import './approvals.css'

const views = [
  ['pending', 'Waiting'],
  ['decided', 'History'],
] as const

export function Approvals() {
  return (
    <Guarded needs="approvals.read" title="Approvals">
      <Inbox />
    </Guarded>
  )
}

/** The newest ones that nobody waits for any more. */
function useDecided(enabled: boolean) {
  return useQuery({
    queryKey: ['approvals', 'decided'],
    queryFn: async () => {
      const page = await body(api.GET('/v1/approvals', { params: { query: { limit: 200 } } }))
      return page.items.filter(({ state }) => state !== 'pending')
    },
    enabled,
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  })
}

function Inbox() {
  const { id } = useParams()
  const { get, set } = useFilters()
  const view = get('view') === 'decided' ? 'decided' : 'pending'
  const pending = usePendingApprovals()
  const decided = useDecided(view === 'decided')
  const shown: readonly Approval[] | undefined = view === 'pending' ? pending.data?.items : decided.data
  const source = view === 'pending' ? pending : decided
  const count = pending.data?.items.length ?? 0
  return (
    <Page
      title="Approvals"
      lead="What agents may do only once a person has said yes. New ones appear here by themselves."
      actions={
        <Segments
          label="Which"
          name="view"
          value={view}
          options={views}
          onChange={(to) => set('view', to === 'pending' ? '' : to)}
        />
      }
    >
      <p className="sr" role="status">
        {count === 0 ? 'Nothing waits' : `${count} ${count === 1 ? 'request waits' : 'requests wait'}`}
      </p>
      <div className={id === undefined ? 'inbox' : 'inbox has-one'}>
        <div className="inbox-list">
          {source.isPending && <Loading what="the approvals" />}
          {source.isError && <Fault error={source.error} again={() => source.refetch()} />}
          {shown !== undefined &&
            (shown.length === 0 ? (
              <Card>
                {view === 'pending' ? (
                  <Empty title="Nothing waits for you">
                    A grant can say that a person is asked first. When an agent comes to such an action, its request
                    appears here with everything that it would do. Issue a passport from “Read, and ask before writing”
                    to see one.
                  </Empty>
                ) : (
                  <Empty title="Nothing was decided yet">
                    What people approved and denied, and what nobody answered in time, is kept here.
                  </Empty>
                )}
              </Card>
            ) : (
              <ApprovalList approvals={shown} open={id} view={view} />
            ))}
        </div>
        <div className="inbox-one">
          {id !== undefined ? (
            <>
              <p className="inbox-back small">
                <Link to={`/approvals${view === 'pending' ? '' : '?view=decided'}`}>All of them</Link>
              </p>
              <OneApproval id={id} />
            </>
          ) : (
            shown !== undefined &&
            shown.length > 0 && <p className="muted inbox-hint">Choose one to see the exact request.</p>
          )}
        </div>
      </div>
    </Page>
  )
}

function OneApproval({ id }: { id: string }) {
  const approval = useQuery({
    queryKey: ['approvals', 'one', id],
    queryFn: () => body(api.GET('/v1/approvals/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? 15_000 : false),
  })
  if (approval.isPending) return <Loading what="the request" />
  if (approval.isError) return <Fault error={approval.error} again={() => approval.refetch()} />
  return <ApprovalInFull key={id} approval={approval.data} />
}

import type { ReactNode } from 'react'
import { Empty } from './empty'
import { Fault } from './fault'
import { Loading } from './loading'
import { More } from './more'

interface Asked {
  isPending: boolean
  isError: boolean
  error: unknown
  refetch(): unknown
}

interface ListingProps<T> {
  /** What was asked for, page by page or once. */
  of: Asked & Partial<Parameters<typeof More>[0]['list']>
  items: readonly T[] | undefined
  /** As "the agents". */
  what: string
  /** Where filters leave nothing: what to say, and the way back to all. */
  narrowed?: false | { title: string; clear(): void }
  /** What stands where there is nothing at all. */
  empty: ReactNode
  children(items: readonly T[]): ReactNode
}

/** A list that is on its way, could not be had, is empty, or is there with the way to more of it. */
export function Listing<T>({ of: list, items, what, narrowed, empty, children }: ListingProps<T>) {
  if (list.isError) return <Fault error={list.error} again={() => list.refetch()} />
  if (list.isPending || items === undefined) return <Loading what={what} />
  const all = narrowed && (
    <button type="button" className="button" onClick={narrowed.clear}>
      Show all
    </button>
  )
  return (
    <>
      {items.length > 0 ? children(items) : narrowed ? <Empty title={narrowed.title} action={all} /> : empty}
      {list.fetchNextPage !== undefined && <More list={list as Parameters<typeof More>[0]['list']} />}
    </>
  )
}

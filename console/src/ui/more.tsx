interface MoreProps {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage(): unknown }
}

export function More({ list }: MoreProps) {
  if (!list.hasNextPage) return null
  return (
    <p>
      <button type="button" className="button" disabled={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
        {list.isFetchingNextPage ? 'Loading …' : 'Show more'}
      </button>
    </p>
  )
}

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'

export interface PageOf<T> {
  items: T[]
  nextCursor?: string | null
}

/** A list of the API, page by page. While it is looked for by other filters, what was found before stays in its place. `fetchPage` is called with the cursor of the page before. */
export function useList<T>(
  key: readonly unknown[],
  fetchPage: (cursor: string | undefined) => Promise<PageOf<T>>,
  every?: number,
) {
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    ...(every === undefined ? {} : { refetchInterval: every }),
  })
  return { ...list, items: list.data?.pages.flatMap(({ items }) => items) ?? [] }
}

/** Leaves out what was not given: the API refuses an empty filter. */
export function given<T extends Record<string, string | number | boolean | undefined>>(
  query: T,
): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== '')) as never
}

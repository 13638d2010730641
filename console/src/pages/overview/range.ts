import { useSearchParams } from 'react-router'
import { useNow } from '../../ui/time'

const HOUR = 3_600

export const ranges = {
  day: { name: '24 hours', length: 24 * HOUR, bin: HOUR },
  week: { name: '7 days', length: 7 * 24 * HOUR, bin: 6 * HOUR },
  month: { name: '30 days', length: 30 * 24 * HOUR, bin: 24 * HOUR },
} as const

export type RangeName = keyof typeof ranges

export interface Range {
  name: RangeName
  words: string
  /** In seconds since 1970, at whole hours. */
  from: number
  to: number
  bin: number
}

/** The span that the overview is about: in the address, so that it can be kept and sent. */
export function useRange(): [Range, (name: RangeName) => void] {
  const [search, setSearch] = useSearchParams()
  const given = search.get('range')
  const name: RangeName = given === 'day' || given === 'month' ? given : 'week'
  const { length, bin, name: words } = ranges[name]
  const to = useNow(HOUR) + HOUR
  return [
    { name, words, from: to - length, to, bin },
    (chosen) => setSearch(chosen === 'week' ? {} : { range: chosen }, { replace: true }),
  ]
}

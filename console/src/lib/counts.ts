import { seconds } from './time'

export const OUTCOMES = ['allow', 'approval_required', 'deny'] as const
export type OutcomeName = (typeof OUTCOMES)[number]

export interface Count {
  hour?: string | null
  agentId?: string | null
  reason?: string | null
  outcome: string
  count: number
}

export interface Bin {
  /** When it begins and ends, in seconds since 1970. */
  from: number
  to: number
  allow: number
  approval_required: number
  deny: number
}

export function isOutcome(name: string): name is OutcomeName {
  return (OUTCOMES as readonly string[]).includes(name)
}

export function sumOf(bin: Bin): number {
  return bin.allow + bin.approval_required + bin.deny
}

/** Puts counts by hour into bins of `width` seconds; bins begin at multiples of it before `to`, and none is left out. */
export function binned(items: readonly Count[], from: number, to: number, width: number): Bin[] {
  const number = Math.max(1, Math.ceil((to - from) / width))
  const start = to - number * width
  const bins = Array.from({ length: number }, (_, index) => ({
    from: start + index * width,
    to: start + (index + 1) * width,
    allow: 0,
    approval_required: 0,
    deny: 0,
  }))
  for (const { hour, outcome, count } of items) {
    if (hour === undefined || hour === null || !isOutcome(outcome)) continue
    const bin = bins[Math.floor((seconds(hour) - start) / width)]
    if (bin !== undefined) bin[outcome] += count
  }
  return bins
}

export function totals(items: readonly Count[]): Record<OutcomeName, number> {
  const sums = { allow: 0, approval_required: 0, deny: 0 }
  for (const { outcome, count } of items) if (isOutcome(outcome)) sums[outcome] += count
  return sums
}

/** The denials by a name, the most first, the rest beyond `most` as one. */
export function topDenials(
  items: readonly Count[],
  by: 'reason' | 'agentId',
  most: number,
): { name: string; count: number }[] {
  const sums = new Map<string, number>()
  for (const item of items) {
    if (item.outcome !== 'deny') continue
    const name = item[by] ?? ''
    sums.set(name, (sums.get(name) ?? 0) + item.count)
  }
  return [...sums]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name))
    .slice(0, most)
}

/** The next round number that all of them fit below, for an axis. */
export function roundAbove(most: number): number {
  if (most <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(most))
  for (const step of [1, 2, 2.5, 4, 5, 8, 10]) {
    const bound = step * power
    if (bound >= most && Number.isInteger(bound / 2)) return bound
  }
  return 10 * power
}

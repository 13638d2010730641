/**
 * At which of `labels`, one for each bin, a label is written: where it begins, so that none is there twice, and not closer than
 * `room` bins. The first is left out where it is cut off, as a day that began before the span.
 */
export function ticksOf(labels: readonly string[], room: number): number[] {
  const starts = labels.flatMap((label, index) => (index === 0 || labels[index - 1] !== label ? [index] : []))
  const [first, second, third] = starts
  if (first !== undefined && second !== undefined && third !== undefined && second - first < third - second)
    starts.shift()
  const kept: number[] = []
  for (const start of starts) {
    const last = kept.at(-1)
    if (last === undefined || start - last >= room) kept.push(start)
  }
  return kept
}

/** The beginnings of days, here, between two times in seconds: at most `most`, each as many days after the one before. */
export function daysBetween(from: number, to: number, most: number): number[] {
  const begin = new Date(from * 1000)
  begin.setHours(0, 0, 0, 0)
  const days: number[] = []
  const every = Math.max(1, Math.ceil((to - from) / 86_400 / most))
  for (const day = begin; day.getTime() / 1000 < to; day.setDate(day.getDate() + every)) {
    if (day.getTime() / 1000 > from) days.push(day.getTime() / 1000)
  }
  return days
}

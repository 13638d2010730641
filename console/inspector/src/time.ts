// Times are whole seconds since 1970, as tokens have them.

export const clock = (): number => Math.floor(Date.now() / 1000)

/** `2026-11-24 09:30:00 UTC`; outside what a date can hold, the number. */
export function shown(seconds: number): string {
  const date = new Date(seconds * 1000)
  if (Number.isNaN(date.getTime())) return String(seconds)
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const units: [number, string][] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** "3 days", by the greatest unit that is there at least twice, or once exactly. */
export function lasting(seconds: number): string {
  const length = Math.abs(seconds)
  const [size, name] = units.find(([size]) => length >= 2 * size || length === size) ?? [1, 'second']
  const count = Math.round(length / size)
  return `${count.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`
}

/** "in 3 days", "2 hours ago", "now". */
export function away(seconds: number, now: number): string {
  if (seconds === now) return 'now'
  return seconds > now ? `in ${lasting(seconds - now)}` : `${lasting(now - seconds)} ago`
}

/** What a `datetime-local` input takes, in UTC. */
export const toInput = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19)

/** What stands in one; `undefined` where it is no time. */
export function fromInput(text: string): number | undefined {
  const parsed = Date.parse(`${text}Z`)
  return Number.isNaN(parsed) ? undefined : Math.floor(parsed / 1000)
}

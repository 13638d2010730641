const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export function seconds(at: string): number {
  return Date.parse(at) / 1000
}

/** A span in words of one unit: "40 s", "12 min", "5 h", "3 days". */
export function span(length: number): string {
  const whole = Math.abs(Math.round(length))
  if (whole < 90) return `${whole} s`
  if (whole < 90 * MINUTE) return `${Math.round(whole / MINUTE)} min`
  if (whole < 36 * HOUR) return `${Math.round(whole / HOUR)} h`
  return `${Math.round(whole / DAY)} days`
}

/** How far away a time is: "in 3 days", "12 min ago". */
export function away(at: string, now: number): string {
  const difference = seconds(at) - now
  if (Math.abs(difference) < 5) return 'now'
  return difference > 0 ? `in ${span(difference)}` : `${span(difference)} ago`
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

export function fullTime(at: string): string {
  const date = new Date(at)
  return `${day.format(date)}, ${clock.format(date)}`
}

export function clockTime(at: string): string {
  return clock.format(new Date(at))
}

export function shortDay(at: string | number): string {
  return short.format(new Date(at))
}

/** Seconds as RFC 3339 in UTC, whole seconds: the only form that the API takes and gives. */
export function rfc3339(at: number): string {
  return new Date(at * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
}

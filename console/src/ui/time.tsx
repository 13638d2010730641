import { useSyncExternalStore } from 'react'
import { away, fullTime } from '../lib/time'

// One clock for all times on a page.
const listeners = new Set<() => void>()
let now = Math.floor(Date.now() / 1000)
let timer: number | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  if (timer === undefined) now = Math.floor(Date.now() / 1000)
  timer ??= window.setInterval(() => {
    now = Math.floor(Date.now() / 1000)
    for (const each of listeners) each()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      window.clearInterval(timer)
      timer = undefined
    }
  }
}

/** The present, in seconds since 1970, in steps of so many seconds. */
export function useNow(step = 1): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / step) * step)
}

/** A time as the distance to it, with the time itself for who points at it. */
export function When({ at }: { at: string }) {
  return (
    <time dateTime={at} title={fullTime(at)}>
      {away(at, useNow())}
    </time>
  )
}

/** A time in full. */
export function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{fullTime(at)}</time>
}

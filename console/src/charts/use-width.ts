import { type RefObject, useEffect, useRef, useState } from 'react'

/** The width that an element has, followed: what is drawn into it is drawn at its size, and text is never stretched. */
export function useWidth<E extends HTMLElement>(): [RefObject<E | null>, number] {
  const element = useRef<E>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const seen = element.current
    if (seen === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.floor(entry.contentRect.width))
    })
    observer.observe(seen)
    return () => observer.disconnect()
  }, [])
  return [element, width]
}

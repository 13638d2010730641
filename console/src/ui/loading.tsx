import { useEffect, useState } from 'react'

/** Says that something is on its way, but only where it takes long enough to be noticed. */
export function Loading({ what }: { what: string }) {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), 250)
    return () => window.clearTimeout(timer)
  }, [])
  return (
    <div className="loading" role="status">
      {late && <span>Loading {what} …</span>}
    </div>
  )
}

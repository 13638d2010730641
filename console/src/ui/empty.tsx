import type { ReactNode } from 'react'

/** What stands where nothing is yet: it teaches the next step. */
export function Empty({ title, action, children }: { title: string; action?: ReactNode; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="muted">{children}</div>}
      {action !== undefined && <div className="row">{action}</div>}
    </div>
  )
}

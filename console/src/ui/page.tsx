import { type ReactNode, useEffect, useRef } from 'react'
import { useLocation } from 'react-router'

interface PageProps {
  title: string
  /** Shown beside the title, as a badge. */
  beside?: ReactNode
  lead?: ReactNode
  /** Where this page lies below another: a link back. */
  above?: ReactNode
  actions?: ReactNode
  children: ReactNode
}

/** A page: its heading gets the focus when one comes here by a link, so that it is read out and the next tab is in it. */
export function Page({ title, beside, lead, above, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { key } = useLocation()
  useEffect(() => {
    document.title = `${title} · Passport`
  }, [title])
  useEffect(() => {
    if (key !== 'default' && !document.activeElement?.closest('.page-body'))
      heading.current?.focus({ preventScroll: true })
  }, [key])
  return (
    <div className="page">
      <div className="page-head">
        {above !== undefined && <div className="page-above small">{above}</div>}
        <div className="row-apart">
          <div className="row">
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {beside}
          </div>
          {actions !== undefined && <div className="row page-actions">{actions}</div>}
        </div>
        {lead !== undefined && <p className="muted page-lead">{lead}</p>}
      </div>
      <div className="page-body">{children}</div>
    </div>
  )
}

import { type ReactNode, useId } from 'react'

interface CardProps {
  title?: string
  /** At the right of the title. */
  aside?: ReactNode
  lead?: ReactNode
  tone?: 'care' | 'bad' | 'accent'
  wide?: boolean
  children: ReactNode
}

export function Card({ title, aside, lead, tone, wide, children }: CardProps) {
  const id = useId()
  const classes = ['card', tone && `is-${tone}`, wide && 'is-wide'].filter(Boolean).join(' ')
  return (
    <section className={classes} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <div className="card-head">
          <div>
            <h2 id={id}>{title}</h2>
            {lead !== undefined && <p className="muted small">{lead}</p>}
          </div>
          {aside !== undefined && <div className="row">{aside}</div>}
        </div>
      )}
      {children}
    </section>
  )
}

import type { ReactNode } from 'react'
import './charts.css'

export interface BarEntry {
  key: string
  name: ReactNode
  /** A word under the name. */
  note?: ReactNode
  count: number
}

/** Named numbers as bars, the largest first. It is a list with its numbers in words, so it needs no other alternative. */
export function BarList({
  entries,
  label,
  tone,
}: {
  entries: readonly BarEntry[]
  label: string
  tone: 'bad' | 'accent'
}) {
  const most = Math.max(1, ...entries.map(({ count }) => count))
  return (
    <ol className="bar-list" aria-label={label}>
      {entries.map(({ key, name, note, count }) => (
        <li key={key}>
          <div className="row-apart">
            <span className="bar-name">{name}</span>
            <b className="number">{count.toLocaleString('en')}</b>
          </div>
          <svg className="bar" width="100%" height="6" aria-hidden="true">
            <rect className="bar-ground" width="100%" height="6" rx="3" />
            <rect className={`bar-${tone}`} width={`${(count / most) * 100}%`} height="6" rx="3" />
          </svg>
          {note !== undefined && <span className="small muted">{note}</span>}
        </li>
      ))}
    </ol>
  )
}

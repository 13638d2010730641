import type { ReactNode } from 'react'

export interface Column<T> {
  name: string
  /** Its name is for those alone who cannot see what stands in it, as a button. */
  unnamed?: boolean
  number?: boolean
  /** Of its cells. */
  className?: string
  cell(row: T): ReactNode
}

interface TableProps<T> {
  rows: readonly T[]
  columns: readonly (Column<T> | false)[]
  keyOf(row: T): string | number
  caption?: string
  className?: string
  /** Whether a row came a moment ago. */
  isFresh?(row: T): boolean
}

/** A table. Where it has no room its cells stand below one another, the first as a heading and each other beside the name of its column. */
export function Table<T>({ rows, columns, keyOf, caption, className, isFresh }: TableProps<T>) {
  const shown = columns.filter((column) => column !== false)
  return (
    <div className="table-wrap">
      <table className={className === undefined ? 'is-stacking' : `is-stacking ${className}`}>
        {caption !== undefined && <caption className="sr">{caption}</caption>}
        <thead>
          <tr>
            {shown.map(({ name, unnamed, number }) => (
              <th key={name} scope="col" className={number ? 'is-number' : undefined}>
                {unnamed ? <span className="sr">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className={isFresh?.(row) ? 'is-fresh' : undefined}>
              {shown.map(({ name, unnamed, number, className: of, cell }, index) => (
                <td
                  key={name}
                  data-column={index === 0 || unnamed ? undefined : name}
                  className={[number && 'is-number', of].filter(Boolean).join(' ') || undefined}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

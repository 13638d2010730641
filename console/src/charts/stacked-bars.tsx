import { useState } from 'react'
import { type Bin, OUTCOMES, roundAbove, sumOf } from '../lib/counts'
import { outcomeWords } from '../lib/words'
import './charts.css'
import { ticksOf } from './ticks'
import { useWidth } from './use-width'

interface StackedBarsProps {
  bins: readonly Bin[]
  /** How a bin is named, in the table and when it is pointed at. */
  name(bin: Bin): string
  /** The short form, on the axis. */
  tick(bin: Bin): string
  /** What it shows, in a sentence. */
  summary: string
}

const HEIGHT = 220
const LEFT = 36
const TOP = 8
const BOTTOM = 22
/** What a label on the axis takes, with some air. */
const LABEL = 56

/** Decisions over time, by outcome. The table below it holds the same. */
export function StackedBars({ bins, name, tick, summary }: StackedBarsProps) {
  const [box, width] = useWidth<HTMLDivElement>()
  const [at, setAt] = useState<number>()
  const most = roundAbove(Math.max(...bins.map(sumOf)))
  const inner = Math.max(0, width - LEFT)
  const step = inner / bins.length
  const bar = Math.max(1, step * 0.72)
  const high = HEIGHT - TOP - BOTTOM
  const y = (count: number) => TOP + high - (count / most) * high
  const ticks = ticksOf(bins.map(tick), step > 0 ? LABEL / step : bins.length)
  const isLast = (index: number) => LEFT + index * step + step / 2 > width - LABEL / 2
  const pointed = at === undefined ? undefined : bins[at]
  return (
    <figure className="chart">
      <div ref={box} className="chart-box" style={{ height: HEIGHT }}>
        {width > 0 && (
          <svg width={width} height={HEIGHT} role="img" aria-label={summary} onMouseLeave={() => setAt(undefined)}>
            {[0, most / 2, most].map((count) => (
              <g key={count}>
                <line className="chart-line" x1={LEFT} x2={width} y1={y(count)} y2={y(count)} />
                <text className="chart-text" x={LEFT - 8} y={y(count) + 4} textAnchor="end">
                  {count.toLocaleString('en')}
                </text>
              </g>
            ))}
            {bins.map((bin, index) => {
              const x = LEFT + index * step + (step - bar) / 2
              let low = 0
              return (
                // biome-ignore lint/a11y/noStaticElementInteractions: as above
                <g key={bin.from} onMouseEnter={() => setAt(index)}>
                  <rect
                    className={at === index ? 'chart-hit is-at' : 'chart-hit'}
                    x={LEFT + index * step}
                    y={TOP}
                    width={step}
                    height={high}
                  />
                  {OUTCOMES.map((outcome) => {
                    const count = bin[outcome]
                    if (count === 0) return null
                    const top = y(low + count)
                    const height = Math.max(1.5, y(low) - top)
                    low += count
                    return (
                      <rect
                        key={outcome}
                        className={`fill-${outcome}`}
                        x={x}
                        y={top}
                        width={bar}
                        height={height}
                        rx={Math.min(2, bar / 4)}
                      />
                    )
                  })}
                  {ticks.includes(index) && (
                    <text
                      className="chart-text"
                      // The last may be too near the edge to stand in the middle of its bin.
                      x={isLast(index) ? width : LEFT + index * step + step / 2}
                      y={HEIGHT - 5}
                      textAnchor={isLast(index) ? 'end' : 'middle'}
                    >
                      {tick(bin)}
                    </text>
                  )}
                </g>
              )
            })}
          </svg>
        )}
        {pointed !== undefined && at !== undefined && (
          <div
            className="chart-tip"
            style={{ left: Math.min(Math.max(LEFT + at * step + step / 2, 90), Math.max(90, width - 90)) }}
          >
            <strong>{name(pointed)}</strong>
            {OUTCOMES.map((outcome) => (
              <span key={outcome} className="legend-entry">
                <i className={`swatch fill-${outcome}`} /> {outcomeWords[outcome]}{' '}
                <b className="number">{pointed[outcome].toLocaleString('en')}</b>
              </span>
            ))}
          </div>
        )}
      </div>
      <details>
        <summary>As a table</summary>
        <div className="chart-table">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                {OUTCOMES.map((outcome) => (
                  <th key={outcome} scope="col" className="is-number">
                    {outcomeWords[outcome]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {bins
                .filter((bin) => sumOf(bin) > 0)
                .map((bin) => (
                  <tr key={bin.from}>
                    <td>{name(bin)}</td>
                    {OUTCOMES.map((outcome) => (
                      <td key={outcome} className="is-number">
                        {bin[outcome].toLocaleString('en')}
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

import { roundAbove } from '../lib/counts'
import { shortDay } from '../lib/time'
import './charts.css'
import { useWidth } from './use-width'

const HEIGHT = 112
const TOP = 16
const BOTTOM = 20

interface DayColumnsProps {
  days: readonly { from: number; count: number }[]
  /** What is counted, as "passports end". */
  what: string
}

/** A number for each of the next days. The numbers stand on the columns, and the whole is told in words as well. */
export function DayColumns({ days, what }: DayColumnsProps) {
  const [box, width] = useWidth<HTMLDivElement>()
  const most = roundAbove(Math.max(...days.map(({ count }) => count)))
  const step = width / days.length
  const high = HEIGHT - TOP - BOTTOM
  const words = days.map(({ from, count }) => `${shortDay(from * 1000)}: ${count}`).join(', ')
  return (
    <div ref={box} className="chart-box" style={{ height: HEIGHT }}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`How many ${what}, by day. ${words}.`}>
          <line className="chart-line" x1="0" x2={width} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
          {days.map(({ from, count }, index) => {
            const height = (count / most) * high
            const middle = index * step + step / 2
            return (
              <g key={from}>
                {count > 0 && (
                  <>
                    <rect
                      className={index === 0 ? 'fill-approval_required' : 'bar-accent'}
                      x={middle - Math.min(20, step * 0.32)}
                      y={HEIGHT - BOTTOM - height}
                      width={Math.min(40, step * 0.64)}
                      height={height}
                      rx="3"
                    />
                    <text className="chart-text" x={middle} y={HEIGHT - BOTTOM - height - 4} textAnchor="middle">
                      {count}
                    </text>
                  </>
                )}
                <text className="chart-text" x={middle} y={HEIGHT - 5} textAnchor="middle">
                  {index === 0 ? '24 h' : shortDay(from * 1000)}
                </text>
              </g>
            )
          })}
        </svg>
      )}
    </div>
  )
}

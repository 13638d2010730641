import type { Key } from '../api/client'
import { seconds, shortDay } from '../lib/time'
import './charts.css'
import './key-lanes.css'
import { daysBetween } from './ticks'
import { useWidth } from './use-width'

const LANE = 52
const TOP = 6
const BOTTOM = 24

interface Part {
  className: string
  from: number
  to: number
}

/** The spans of a key's life: published and not signing yet, signing, published still, or ended by a revocation. */
export function partsOf(key: Key, now: number, rotatesAt: number | undefined): Part[] {
  const end = key.revokedAt ? seconds(key.revokedAt) : undefined
  const created = seconds(key.createdAt)
  const activated = key.activatedAt ? seconds(key.activatedAt) : undefined
  const retired = key.retiredAt ? seconds(key.retiredAt) : undefined
  const parts: Part[] = []
  const add = (className: string, from: number, to: number) => {
    const until = end === undefined ? to : Math.min(to, end)
    if (until > from) parts.push({ className, from, to: until })
  }
  if (activated === undefined) {
    add('lane-next', created, rotatesAt ?? now)
    return parts
  }
  add('lane-next', created, activated)
  add('lane-active', activated, retired ?? rotatesAt ?? now)
  if (retired !== undefined) add('lane-retired', retired, key.publishedUntil ? seconds(key.publishedUntil) : now)
  return parts
}

/** Keys on a time line, one lane each. The list beside it tells the same in words. */
export function KeyLanes({
  keys,
  rotatesAt,
  now,
}: {
  keys: readonly Key[]
  rotatesAt: string | null | undefined
  now: number
}) {
  const [box, width] = useWidth<HTMLDivElement>()
  const turn = rotatesAt ? seconds(rotatesAt) : undefined
  const lanes = keys.map((key) => ({ key, parts: partsOf(key, now, turn) }))
  const starts = keys.map(({ createdAt }) => seconds(createdAt))
  const ends = lanes.flatMap(({ parts }) => parts.map(({ to }) => to))
  const first = Math.min(...starts, now - 86_400)
  const last = Math.max(...ends, turn ?? 0, now + 86_400)
  const margin = (last - first) * 0.03
  const from = first - margin
  const to = last + margin
  const height = TOP + keys.length * LANE + BOTTOM
  const x = (at: number) => ((at - from) / (to - from)) * width
  const ticks = daysBetween(from, to, Math.max(2, Math.min(6, Math.floor(width / 110)))).filter(
    (at) => x(at) > 22 && x(at) < width - 22,
  )
  return (
    <div ref={box} className="chart-box" style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={inWords(keys, rotatesAt)}>
          {ticks.map((at) => (
            <g key={at}>
              <line className="chart-line" x1={x(at)} x2={x(at)} y1={TOP} y2={height - BOTTOM} />
              <text className="chart-text" x={x(at)} y={height - 7} textAnchor="middle">
                {shortDay(at * 1000)}
              </text>
            </g>
          ))}
          {lanes.map(({ key, parts }, lane) => {
            const y = TOP + lane * LANE
            return (
              <g key={key.keyId}>
                <text className="lane-name" x="0" y={y + 16}>
                  {key.keyId.slice(0, 10)}… · {key.state}
                </text>
                {parts.map((part) => (
                  <rect
                    key={part.className}
                    className={part.className}
                    x={x(part.from)}
                    y={y + 25}
                    width={Math.max(3, x(part.to) - x(part.from))}
                    height="13"
                    rx="3"
                  />
                ))}
                {/* In the lane alone: across the names, these lines would strike them out. */}
                <line className="lane-now" x1={x(now)} x2={x(now)} y1={y + 21} y2={y + 42} />
                {turn !== undefined && <line className="lane-turn" x1={x(turn)} x2={x(turn)} y1={y + 21} y2={y + 42} />}
                {key.revokedAt && (
                  <path
                    className="lane-revoked"
                    d={`M${x(seconds(key.revokedAt)) - 5} ${y + 26.5}l10 10m0 -10l-10 10`}
                  />
                )}
              </g>
            )
          })}
        </svg>
      )}
    </div>
  )
}

function inWords(keys: readonly Key[], rotatesAt: string | null | undefined): string {
  const each = keys.map(
    (key) =>
      `${key.keyId.slice(0, 10)} is ${key.state} since ${shortDay(key.revokedAt ?? key.retiredAt ?? key.activatedAt ?? key.createdAt)}`,
  )
  return `Keys on a time line. ${each.join('; ')}. ${rotatesAt ? `The next key takes over on ${shortDay(rotatesAt)}.` : 'Keys are rotated by hand.'}`
}

export function LaneLegend() {
  return (
    <ul className="legend small" aria-label="What the colours mean">
      <li className="legend-entry">
        <i className="swatch lane-next" /> published, not signing yet
      </li>
      <li className="legend-entry">
        <i className="swatch lane-active" /> signing
      </li>
      <li className="legend-entry">
        <i className="swatch lane-retired" /> published still
      </li>
      <li className="legend-entry">
        <i className="swatch lane-line" /> now
      </li>
      <li className="legend-entry">
        <i className="swatch lane-line is-turn" /> next turn
      </li>
    </ul>
  )
}

// JSON as it stands, indented and coloured. It is never parsed on the way: numbers keep their digits, names their order.
import { type Child, h } from './dom'

const token = /("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],:])|(\s+)|(.)/gsu

export function prettyText(text: string): string {
  return walk(text, (piece) => piece).join('')
}

export function pretty(text: string): Child[] {
  return walk(text, (piece, kind) => (kind === undefined ? piece : h('span', { class: `json-${kind}` }, piece)))
}

type Kind = 'name' | 'text' | 'number' | 'word' | undefined

function walk<T>(text: string, made: (piece: string, kind: Kind) => T): T[] {
  const out: T[] = []
  let depth = 0
  const line = () => out.push(made(`\n${'  '.repeat(depth)}`, undefined))
  const pieces = [...text.matchAll(token)].filter((piece) => piece[5] === undefined)
  pieces.forEach((piece, index) => {
    const [whole, string, number, word, mark] = piece
    const next = pieces[index + 1]?.[0]
    if (string !== undefined) out.push(made(whole, next === ':' ? 'name' : 'text'))
    else if (number !== undefined) out.push(made(whole, 'number'))
    else if (word !== undefined) out.push(made(whole, 'word'))
    else if (mark === '{' || mark === '[') {
      out.push(made(whole, undefined))
      depth += 1
      if (next !== '}' && next !== ']') line()
    } else if (mark === '}' || mark === ']') {
      depth = Math.max(0, depth - 1)
      const before = pieces[index - 1]?.[0]
      if (before !== '{' && before !== '[') line()
      out.push(made(whole, undefined))
    } else if (mark === ',') {
      out.push(made(whole, undefined))
      line()
    } else out.push(made(mark === ':' ? ': ' : whole, undefined))
  })
  return out
}

/** JSON as text: a number keeps the digits that it was written with, which `JSON.parse` would round. */

/** What is wrong with a text that should be JSON, and in which line; `undefined` where nothing is. */
export function wrongWith(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const told = error instanceof Error ? error.message : 'it cannot be read'
    const at = /at position (\d+)/.exec(told)?.[1]
    const line = at === undefined ? undefined : text.slice(0, Number(at)).split('\n').length
    return line === undefined ? `it is not JSON: ${told}` : `it is not JSON, in line ${line}: ${told}`
  }
}

/** The tokens of sound JSON: strings, punctuation, and what stands between. */
const tokens = (json: string) => json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []

/** Sound JSON, a member or an item on each line, but for what is short: that stays on one. */
export function pretty(json: string): string {
  const all = tokens(json)
  let at = 0
  const value = (indent: string): string => {
    const first = all[at++] ?? ''
    if (first !== '{' && first !== '[') return first
    const close = first === '{' ? '}' : ']'
    const parts: string[] = []
    while (at < all.length && all[at] !== close) {
      const name = first === '{' ? `${all[at]}: ` : ''
      if (first === '{') at += 2
      parts.push(name + value(`${indent}  `))
      if (all[at] === ',') at++
    }
    at++
    const short = first + parts.join(', ') + close
    const simple = !parts.some((part) => part.includes('\n'))
    if (simple && (first === '[' || indent !== '') && indent.length + short.length <= 72) return short
    return `${first}\n${parts.map((part) => `${indent}  ${part}`).join(',\n')}\n${indent}${close}`
  }
  return value('')
}

/** The members of a JSON object, each as the text that it has there. */
export function members(json: string): Record<string, string> {
  const all = tokens(json)
  const found: [string, string][] = []
  // After the brace.
  let at = 1
  while (at < all.length && all[at] !== '}') {
    const name = JSON.parse(all[at] ?? '""') as string
    at += 2
    const from = at
    for (let depth = 0; at < all.length; at++) {
      const token = all[at]
      if (depth === 0 && (token === ',' || token === '}')) break
      if (token === '{' || token === '[') depth++
      if (token === '}' || token === ']') depth--
    }
    found.push([name, all.slice(from, at).join('')])
    if (all[at] === ',') at++
  }
  return Object.fromEntries(found)
}

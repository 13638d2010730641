// A request, tried: by a form or as JSON, and what the grants say to it.
import type { Claims, Explained, Grant, OutcomeName } from './acts'
import { type Child, fill, freshId, h } from './dom'
import { type IconName, icon } from './icons'
import { badge, card, field, segments, type Tone } from './parts'
import { words } from './says-card'
import type { Looked } from './state'

interface Row {
  name: string
  kind: 'text' | 'number' | 'truth' | 'list'
  value: string
}

export interface TryCard {
  element: HTMLElement
  show(looked: Looked): void
  /** Takes the grants of another passport, and a request that is to be tried on it. */
  put(claims: Claims | null | undefined, request: string): void
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

export function tryCard(changed: (request: string) => void): TryCard {
  let rows: Row[] = []
  let asJson = false
  const ids = { actions: freshId('actions'), resources: freshId('resources') }
  const input = (list: string, placeholder: string) => h('input', { type: 'text', list, placeholder, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' })
  const action = input(ids.actions, 'purchase')
  const resource = input(ids.resources, 'commerce')
  const lists = h('div', { hidden: true })
  const json = h('textarea', { class: 'mono', rows: 8, spellcheck: 'false', autocomplete: 'off' })
  const attributes = h('div', { class: 'stack-s' })
  const suggestions = h('div', { class: 'row' })
  const mistakes = h('div', { 'aria-live': 'polite' })
  const answer = h('div', { class: 'stack', 'aria-live': 'polite' })

  const tell = () => {
    if (asJson) return changed(json.value)
    const written = write(action.value, resource.value, rows)
    fill(mistakes, 'mistake' in written && h('p', { class: 'mistake' }, icon('care'), written.mistake))
    json.value = 'request' in written ? written.request : json.value
    changed('request' in written ? written.request : '')
  }
  const drawRows = () => fill(attributes, rows.map((row) => attributeRow(row, tell, () => { rows = rows.filter((other) => other !== row); drawRows(); tell() })))
  const add = () => {
    rows.push({ name: '', kind: 'text', value: '' })
    drawRows()
    attributes.querySelector<HTMLInputElement>(':scope > :last-child input')?.focus()
  }
  for (const control of [action, resource, json]) control.addEventListener('input', tell)
  const form = h(
    'div',
    { class: 'stack' },
    h('div', { class: 'pair' }, field('Action', action), field('Resource', resource)),
    h('fieldset', { class: 'stack-s' }, h('legend', {}, 'Attributes'), attributes, h('div', {}, h('button', { type: 'button', class: 'button is-quiet', onclick: add }, icon('plus'), 'Add an attribute'))),
    mistakes,
  )
  const raw = field('The request', json, 'As a service makes it: action, resource, and attributes beside them.')
  raw.hidden = true
  const choose = (way: 'form' | 'json') => {
    asJson = way === 'json'
    form.hidden = asJson
    raw.hidden = !asJson
    tell()
  }
  const ways = h('div', {})
  const drawWays = () => fill(ways, segments('How the request is written', [['form', 'Form'], ['json', 'JSON']], asJson ? 'json' : 'form', choose))
  drawWays()
  const suggest = (grant: Grant, name: string) => {
    const made = example(grant, name)
    action.value = made.action
    resource.value = made.resource
    rows = made.rows
    asJson = false
    form.hidden = false
    raw.hidden = true
    drawWays()
    drawRows()
    tell()
  }
  const element = card('Try a request', h('div', { class: 'row-apart' }, suggestions, ways), form, raw, lists, answer)
  return {
    element,
    show: (looked) => fill(answer, told(looked)),
    put(claims, request) {
      const grants = claims?.grants ?? []
      const named = grants.flatMap(({ json }) => json.allowedActions.map((name) => [json, name] as const))
      const unique = (texts: string[]) => [...new Set(texts)].filter((text) => !text.includes('*')).map((value) => h('option', { value }))
      fill(lists, h('datalist', { id: ids.actions }, unique(named.map(([, name]) => name))), h('datalist', { id: ids.resources }, unique(grants.map(({ json }) => json.resource))))
      const chip = ([grant, name]: readonly [Grant, string]) =>
        h('button', { type: 'button', class: 'button is-chip', onclick: () => suggest(grant, name) }, `${name} on ${grant.resource}`)
      fill(suggestions, named.length > 0 && h('span', { class: 'small muted' }, 'for example'), named.slice(0, 5).map(chip))
      const read = readRequest(request)
      asJson = request !== '' && read === undefined
      action.value = read?.action ?? ''
      resource.value = read?.resource ?? ''
      rows = read?.rows ?? []
      json.value = request
      form.hidden = asJson
      raw.hidden = !asJson
      drawWays()
      drawRows()
      fill(mistakes)
    },
  }
}

function attributeRow(row: Row, tell: () => void, drop: () => void): HTMLElement {
  const name = h('input', { type: 'text', value: row.name, placeholder: 'amount', 'aria-label': 'Name of the attribute', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' })
  const kinds: Row['kind'][] = ['text', 'number', 'truth', 'list']
  const kind = h('select', { 'aria-label': 'Kind of value' }, kinds.map((value) => h('option', { value, selected: value === row.kind }, value)))
  const value = h('input', { type: 'text', value: row.value, placeholder: hint(row.kind), 'aria-label': 'Value', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' })
  name.addEventListener('input', () => { row.name = name.value; tell() })
  value.addEventListener('input', () => { row.value = value.value; tell() })
  kind.addEventListener('change', () => { row.kind = kind.value as Row['kind']; value.placeholder = hint(row.kind); tell() })
  return h('div', { class: 'attribute' }, name, kind, value, h('button', { type: 'button', class: 'button is-quiet', title: 'Drop this attribute', onclick: drop }, icon('bin'), h('span', { class: 'sr' }, `Drop ${row.name || 'this attribute'}`)))
}

const hint = (kind: Row['kind']) => ({ text: 'a text', number: '42.50', truth: 'true or false', list: 'a, b, c' })[kind]

/** The request's JSON. Numbers stand as they were written: none goes through a binary double. */
function write(action: string, resource: string, rows: readonly Row[]): { request: string } | { mistake: string } {
  if (action === '' && resource === '' && rows.length === 0) return { request: '' }
  const members = [`"action": ${JSON.stringify(action)}`]
  if (resource !== '') members.push(`"resource": ${JSON.stringify(resource)}`)
  for (const { name, kind, value } of rows) {
    if (name === '') continue
    if (kind === 'number' && !NUMBER.test(value.trim())) return { mistake: `${name}: a number is written like 42 or 42.50` }
    if (kind === 'truth' && !['true', 'false'].includes(value.trim())) return { mistake: `${name}: a truth is true or false` }
    const items = () => value.split(',').map((item) => item.trim()).filter((item) => item !== '')
    const text = kind === 'text' ? JSON.stringify(value) : kind === 'list' ? JSON.stringify(items()) : value.trim()
    members.push(`${JSON.stringify(name)}: ${text}`)
  }
  return { request: `{\n  ${members.join(',\n  ')}\n}` }
}

/** A request that the form can show; others stay JSON. */
function readRequest(text: string): { action: string; resource: string; rows: Row[] } | undefined {
  if (text === '') return undefined
  try {
    const { action, resource, ...rest } = JSON.parse(text) as Record<string, unknown>
    const rows = Object.entries(rest).map(([name, value]): Row => {
      if (typeof value === 'string') return { name, kind: 'text', value }
      if (typeof value === 'boolean') return { name, kind: 'truth', value: String(value) }
      // A number that would not come back as it stands is left as JSON.
      if (typeof value === 'number' && new RegExp(`:\\s*${String(value).replace(/[.+]/g, '\\$&')}\\s*[,}]`).test(text)) return { name, kind: 'number', value: String(value) }
      throw new Error('not for the form')
    })
    if (typeof action !== 'string' || (resource !== undefined && typeof resource !== 'string')) return undefined
    return { action, resource: resource ?? '', rows }
  } catch {
    return undefined
  }
}

/** A request that this grant speaks of, with values that its demands name. */
function example(grant: Grant, action: string): { action: string; resource: string; rows: Row[] } {
  const resource = grant.resource.replace(/\*\*?/g, 'example')
  const rows = Object.entries(grant.constraints ?? {}).map(([name, demands]): Row => {
    const { equals, oneOf, max, min, under, glob, host, cidr } = demands as Record<string, unknown>
    const first = (value: unknown) => (Array.isArray(value) ? value[0] : value)
    const value = equals ?? first(oneOf) ?? max ?? min ?? first(under) ?? first(host) ?? first(glob) ?? first(cidr) ?? ''
    const shown = String(value)
    if (typeof value === 'boolean') return { name, kind: 'truth', value: shown }
    if (typeof value === 'number' || max !== undefined || min !== undefined) return { name, kind: 'number', value: shown }
    return { name, kind: 'text', value: shown.replace(/\*\*?/g, 'example').replace(/\/\d+$/, cidr === undefined ? '$&' : '') }
  })
  return { action: action.replace('*', 'example'), resource, rows }
}

const outcomes: Record<OutcomeName, [Tone, IconName, string]> = {
  allow: ['good', 'good', 'allowed'],
  deny: ['bad', 'bad', 'denied'],
  approval_required: ['care', 'ask', 'a person has to approve'],
}

function told({ decided, preview }: Looked): Child {
  const answer = decided?.decision ?? preview
  if (answer == null) return undefined
  const [tone, name, word] = outcomes[answer.outcome]
  const http = decided?.httpStatus == null ? undefined : h('span', { class: 'small muted' }, `HTTP ${decided.httpStatus}`)
  const told = [
    h('div', { class: 'row' }, h('strong', {}, word), h('code', {}, answer.reason), http),
    h('p', {}, words(`${answer.message}.`)),
  ]
  const proviso = decided === undefined ? 'A preview on claims that nobody has verified. A service decides.' : undefined
  const grants = decided?.grants ?? preview?.grants ?? []
  return [
    h('div', { class: `answer is-${tone}` }, icon(name), h('div', { class: 'stack-s' }, told)),
    proviso && h('p', { class: 'small muted' }, proviso),
    decided !== undefined && !decided.verified && h('p', { class: 'small muted' }, 'The passport itself is refused, so no grant was looked at.'),
    grants.length > 0 && h('div', { class: 'stack-s' }, h('h3', {}, 'What each grant said'), h('ol', { class: 'said' }, grants.map((grant) => sentence(grant, answer.grant)))),
  ]
}

const says: Record<Explained['says'], [Tone, IconName, string]> = {
  blocks: ['bad', 'bad', 'forbids it'],
  allows: ['good', 'good', 'allows it'],
  needs_approval: ['care', 'ask', 'asks a person'],
  constraint_unmet: ['bad', 'bad', 'not like this'],
  not_understood: ['care', 'care', 'not understood'],
  ended: ['plain', 'none', 'ended'],
  other_action: ['plain', 'none', 'another action'],
  other_resource: ['plain', 'none', 'another resource'],
}

function sentence(grant: Explained, decidedBy: number | null): HTMLElement {
  const [tone, name, word] = says[grant.says]
  return h(
    'li',
    { class: grant.grant === decidedBy ? 'grant is-decisive' : 'grant' },
    h('span', { class: 'index', title: `grant ${grant.grant}` }, String(grant.grant)),
    h(
      'div',
      { class: 'stack-s' },
      h('div', { class: 'row' }, badge(tone, name, word), grant.grant === decidedBy && h('span', { class: 'small muted' }, 'this one decided')),
      h('p', { class: 'small' }, words(grant.message)),
      grant.unmet.length > 0 && h('ul', { class: 'unmet small' }, grant.unmet.map((clause) => h('li', {}, icon('bad'), h('span', {}, words(clause.message))))),
    ),
  )
}

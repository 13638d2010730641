// The passport: where it is pasted, and what its three parts weigh.
import type { Apart } from './acts'
import { fill, h } from './dom'
import { card, field, notice, textOrFile } from './parts'

export interface PassportCard {
  element: HTMLElement
  area: HTMLTextAreaElement
  show(apart: Apart | undefined): void
}

export function passportCard(changed: (text: string) => void, example: () => void): PassportCard {
  const area = h('textarea', {
    class: 'mono token',
    rows: 6,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'off',
    placeholder: 'eyJhbGciOiJFZERTQSIsInR5cCI6InBhc3Nwb3J0K2p3dCIs…',
  })
  const tell = () => changed(area.value)
  const take = textOrFile(area, 'a file', tell)
  take.append(h('button', { type: 'button', class: 'button is-quiet', onclick: example }, 'Look at an example'))
  const weights = h('div', { class: 'stack-s', 'aria-live': 'polite' })
  const show = (apart: Apart | undefined) => fill(weights, apart && weigh(apart), apart?.problem && notice('bad', 'bad', sentence(apart)))
  return { element: card('Passport', field('The token', area, 'Paste it, or drop a file here. It stays in this page.'), take, weights), area, show }
}

const kinds: Record<string, string> = {
  'statuslist+jwt': 'a status list',
  'passport-trust+jwt': 'a trust bundle',
  'passport-key+jwt': 'the word of one key for another',
  'passport-approval+jwt': 'an approval',
  'passport-receipt+jwt': 'a receipt of the audit log',
}

function sentence(apart: Apart): string {
  const kind = kinds[apart.kind ?? '']
  return kind === undefined ? `This is not a passport: ${apart.problem}.` : `This is ${kind}, not a passport.`
}

const names = ['header', 'claims', 'signature']

function weigh(apart: Apart): HTMLElement {
  const bar = h('div', { class: 'weights', 'aria-hidden': 'true' })
  for (const [index, part] of apart.parts.entries()) {
    const segment = h('span', { class: `part-${names[index] ?? 'more'}` })
    segment.style.flexGrow = String(Math.max(part.bytes, 1))
    bar.append(segment)
  }
  const count = (bytes: number) => bytes.toLocaleString('en')
  const legend = apart.parts.map((part, index) =>
    h('li', {}, h('span', { class: `dot part-${names[index] ?? 'more'}`, 'aria-hidden': 'true' }), `${names[index] ?? 'more'} ${count(part.bytes)}`),
  )
  const over = apart.bytes > apart.maxBytes
  const room = `${count(apart.bytes)} of the ${count(apart.maxBytes)} bytes that verifiers accept`
  return h(
    'div',
    { class: 'stack-s' },
    bar,
    h('ul', { class: 'legend small muted' }, legend),
    h('p', { class: over ? 'small bad' : 'small muted' }, over ? `${room}, unless set otherwise` : room),
  )
}

// The proof of one decision: a file of the audit log, checked with the log's public key.
import type { Proven, ProvenFacts } from './acts'
import type { Core } from './core'
import { type Child, fill, h } from './dom'
import { pretty, prettyText } from './json'
import { badge, card, codeBlock, facts, field, notice, textOrFile } from './parts'
import { said } from './state'
import { shown } from './time'

export interface ProofPage {
  element: HTMLElement
  put(proof: string, key: string): void
}

export function proofPage(core: Core): ProofPage {
  const proof = h('textarea', { class: 'mono', rows: 8, spellcheck: 'false', autocomplete: 'off', placeholder: '{ "format": "passport-log-proof-1", … }' })
  const key = h('input', { type: 'text', class: 'mono', spellcheck: 'false', autocomplete: 'off', placeholder: 'issuer.example/log+c74f20a3+ARpc2Q…' })
  const results = h('div', { class: 'stack-l', 'aria-live': 'polite' })
  const look = () => {
    if (proof.value.trim() === '' || key.value.trim() === '') return fill(results, waiting(proof.value.trim() !== ''))
    try {
      fill(results, told(core.ask('prove', { proof: proof.value, key: key.value })))
    } catch (error) {
      fill(results, notice('bad', 'bad', `${said(error)}.`))
    }
  }
  key.addEventListener('input', look)
  const given = card(
    'Proof',
    field('The proof file', proof, ['What ', h('code', {}, 'passport audit prove'), ' writes. Paste it, or drop the file here.']),
    textOrFile(proof, 'a file', look),
    field('The log’s public key', key, ['What ', h('code', {}, 'passport audit key'), ' prints. Have it from somebody you trust, not from where the proof came from.']),
  )
  look()
  return {
    element: h('div', { class: 'grid-inspect' }, h('div', { class: 'stack-l' }, given), results),
    put(text, name) {
      proof.value = text
      if (name !== '') key.value = name
      look()
    },
  }
}

function waiting(hasProof: boolean): HTMLElement {
  const missing = hasProof ? 'Now the log’s public key, by which it is checked.' : 'A proof file and the log’s public key are all that is needed: no issuer, no network.'
  return card('What it proves', h('p', { class: 'muted' }, missing))
}

function told(proven: Proven): Child {
  if (!proven.proved) return notice('bad', 'bad', h('strong', {}, 'It proves nothing'), `${proven.message}.`)
  return [
    notice('good', 'good', h('strong', {}, 'Proved'), `The log’s key has signed a checkpoint over ${proven.size.toLocaleString('en')} entries, and this is entry ${proven.index.toLocaleString('en')} of them.`),
    what(proven),
    proven.body === null
      ? notice('plain', 'none', 'The event itself was dropped by age; its hash is in the log.')
      : card('The event, to the letter', codeBlock(prettyText(proven.body), 'the event', pretty(proven.body))),
  ]
}

function what(proven: ProvenFacts): HTMLElement {
  const outcome = proven.outcome === 'allow' ? badge('good', 'good', 'allowed') : proven.outcome === 'approval_required' ? badge('care', 'ask', 'asked') : badge('bad', 'bad', 'denied')
  const rows: [string, Child | null][] = [
    ['decision', proven.outcome === null ? null : h('span', { class: 'row' }, outcome, h('code', {}, proven.reason ?? ''))],
    ['what', proven.action === null ? null : [h('code', {}, proven.action), proven.resource !== null && [' on ', h('code', {}, proven.resource)]]],
    ['agent', proven.agentId],
    ['passport', proven.passportId === null ? null : h('code', {}, proven.passportId)],
    ['decided', proven.evaluatedAt === null ? null : shown(proven.evaluatedAt)],
    ['taken in', shown(proven.receivedAt)],
    ['reported by', proven.reporter],
    ['request', h('code', {}, proven.requestId)],
    ['event', h('code', {}, proven.eventId)],
    ['log', h('code', {}, proven.origin)],
  ]
  const there = rows.filter((row): row is [string, Child] => row[1] !== null && row[1] !== '')
  return card('What it proves', facts(there), proven.conflict && notice('care', 'care', 'The reporter had said something else under this request id before.'))
}

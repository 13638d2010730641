// What a passport says: how much of it is proved, whose it is and for whom, its life on a line, and its grants in words.
import type { Apart, Claims, Decided, GrantInWords } from './acts'
import { type Child, h } from './dom'
import { badge, card, codeBlock, facts, notice } from './parts'
import { pretty, prettyText } from './json'
import type { Looked } from './state'
import { away, lasting, shown } from './time'

export function verdict({ apart, decided, trust }: Looked): HTMLElement | undefined {
  if (apart?.passport == null) return undefined
  if (decided === undefined || trust === undefined) {
    return notice('care', 'care', h('strong', {}, 'Unverified'), 'The signature was not checked: anyone can have written this. Say whom you trust, and it is.')
  }
  if (decided.verified) {
    const revocation = decided.steps.find(({ step }) => step === 8)?.came === 'passed'
    const looked = revocation ? 'Signature, issuer, times and revocation are as they should be.' : 'Signature, issuer and times are as they should be. Whether it was revoked could not be looked up.'
    const audience = decided.audienceGiven ? `It is meant for ${decided.audience}.` : 'Whether it is meant for your service was not asked.'
    return notice('good', 'good', h('strong', {}, 'Verified'), `${looked} ${audience}`)
  }
  const holds = decided.signatureHolds ? 'The signature holds, and still it is not valid' : 'Nothing below is proved'
  return notice('bad', 'bad', h('strong', {}, 'Not valid '), h('code', {}, decided.reason), h('div', {}, `${holds}: ${decided.message}.`))
}

export function saysCard(claims: Claims, apart: Apart, now: number): HTMLElement {
  const chips = (texts: readonly string[]): Child => texts.map((text) => h('span', { class: 'chip' }, text))
  const rows: [string, Child][] = [
    ['agent', h('strong', {}, claims.agentId)],
    ['passport', h('code', {}, claims.passportId)],
    ['issuer', claims.issuer],
    ['for', h('span', { class: 'row' }, chips(claims.audience))],
  ]
  if (claims.onBehalfOf !== null) rows.push(['on behalf of', claims.onBehalfOf])
  if (apart.keyId !== null) rows.push(['key', h('code', {}, apart.keyId)])
  if (claims.status !== null) rows.push(['status', [`${claims.status.idx.toLocaleString('en')} of `, h('code', {}, claims.status.uri)]])
  if (claims.needsProof) rows.push(['proof', 'needed: it is never accepted as a plain bearer token'])
  return card('What it says', facts(rows), life(claims, now))
}

/** From its start to its end, with now upon it. */
function life(claims: Claims, now: number): HTMLElement {
  const start = claims.notBefore ?? claims.issuedAt
  const length = Math.max(claims.expiresAt - start, 1)
  const part = Math.min(Math.max((now - start) / length, 0), 1)
  const over = claims.untimely?.reason === 'expired'
  const tone = over ? 'bad' : claims.untimely === null ? (part > 0.85 ? 'care' : 'good') : 'care'
  const lived = h('span', { class: `lived is-${tone}` })
  lived.style.inlineSize = `${part * 100}%`
  const state = over
    ? badge('bad', 'bad', `expired ${away(claims.expiresAt, now)}`)
    : claims.untimely !== null
      ? badge('care', 'care', `begins ${away(start, now)}`)
      : badge(tone, tone === 'good' ? 'good' : 'care', `expires ${away(claims.expiresAt, now)}`)
  const end = (word: string, at: number) => h('div', {}, h('div', { class: 'muted' }, word), h('div', { class: 'number' }, shown(at)))
  return h(
    'div',
    { class: 'life' },
    h('div', { class: 'row-apart' }, h('h3', {}, `A life of ${lasting(length)}`), state),
    h('div', { class: 'line', 'aria-hidden': 'true' }, lived),
    h('div', { class: 'row-apart small' }, end(claims.notBefore === null ? 'issued' : 'begins', start), end('ends', claims.expiresAt)),
  )
}

export function grantsCard(claims: Claims): HTMLElement {
  if (claims.grants.length === 0) return card('What it allows', h('p', { class: 'muted' }, 'Nothing: it has no grants.'))
  return card(
    'What it allows',
    h('ol', { class: 'grants' }, claims.grants.map(grant)),
    h('p', { class: 'small muted' }, 'Everything that is not listed is refused.'),
    h('details', {}, h('summary', {}, 'As instructions for an agent'), codeBlock(claims.prompt, 'the instructions')),
  )
}

/** What the audit log is not told, where a passport asks for that. */
export function hidesCard(claims: Claims): HTMLElement | undefined {
  if (claims.hides.length === 0) return undefined
  return card(
    'What it keeps from the audit log',
    h('ul', { class: 'described' }, claims.hides.map((sentence) => h('li', {}, 'It ', words(sentence), '.'))),
    h('p', { class: 'small muted' }, 'What is hidden is logged as a keyed hash: that two values are equal shows, and not what they are. No decision depends on it.'),
  )
}

/** Words with names between backquotes, as the core writes them. */
export function words(text: string): Child[] {
  return text.split('`').map((piece, index) => (index % 2 === 1 ? h('code', {}, piece) : piece))
}

function grant({ grant, json, live, understood, may, mustNot }: GrantInWords): HTMLElement {
  return h(
    'li',
    { class: live ? 'grant' : 'grant is-over' },
    h('span', { class: 'index', title: `grant ${grant}` }, String(grant)),
    h(
      'div',
      { class: 'stack-s' },
      may !== null && h('p', {}, h('span', { class: 'good lead' }, 'may '), words(may)),
      mustNot !== null && h('p', {}, h('span', { class: 'bad lead' }, 'must never '), words(mustNot)),
      may === null && mustNot === null && h('p', { class: 'muted' }, live ? 'allows nothing' : ['ended ', json.expiresAt ?? '']),
      !understood && badge('care', 'care', 'not understood here: it allows nothing'),
    ),
  )
}

export function stepsCard(decided: Decided): HTMLElement {
  const marks = { passed: ['good', 'good', 'passed'], failed: ['bad', 'bad', 'failed'], not_reached: ['none', 'plain', 'not reached'], not_looked_at: ['none', 'plain', 'not looked at'] } as const
  const step = ({ step, checked, came }: Decided['steps'][number]) => {
    const [mark, tone, word] = marks[came]
    return h('li', { class: `step is-${came}` }, badge(tone, mark, word), h('span', {}, h('span', { class: 'muted number' }, `${step} `), checked))
  }
  return card('Is it good?', h('ol', { class: 'steps' }, decided.steps.map(step)))
}

export function rawCard(apart: Apart): HTMLElement {
  const part = (index: number, name: string): Child => {
    const text = apart.parts[index]?.text
    return text == null ? undefined : h('div', { class: 'stack-s' }, h('h3', { class: `part-title part-${name}-text` }, name), codeBlock(prettyText(text), `the ${name}`, pretty(text)))
  }
  return card('As it stands', part(0, 'header'), part(1, 'claims'))
}

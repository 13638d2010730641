// Whom the reader trusts, for whom the service is, and what time it is to be.
import type { TrustTold } from './acts'
import { fill, h } from './dom'
import { card, field, notice, segments, textOrFile } from './parts'
import type { Given, Looked } from './state'
import { away, clock, fromInput, toInput } from './time'

export interface TrustCard {
  element: HTMLElement
  show(looked: Looked): void
  /** Writes what is given into the controls. */
  put(given: Given): void
}

export function trustCard(change: (given: Partial<Given>) => void): TrustCard {
  const area = h('textarea', { class: 'mono', rows: 4, spellcheck: 'false', autocomplete: 'off', placeholder: 'a trust bundle, or {"keys": […]}' })
  const take = textOrFile(area, 'a file', () => change({ trust: area.value }))
  const said = h('div', { 'aria-live': 'polite', class: 'stack-s' })
  if (location.protocol.startsWith('http')) {
    const ask = async () => {
      try {
        const answer = await fetch('/v1/trust-bundle', { credentials: 'omit' })
        if (!answer.ok) throw new Error(`it answers ${answer.status}`)
        area.value = await answer.text()
        change({ trust: area.value })
      } catch (error) {
        fill(said, notice('bad', 'bad', `This issuer’s trust cannot be had: ${error instanceof Error ? error.message : error}.`))
      }
    }
    const title = 'Asks this issuer for its public keys and revocations. The passport is not sent.'
    take.prepend(h('button', { type: 'button', class: 'button is-first', title, onclick: () => void ask() }, 'Trust this issuer'))
  }
  const issuer = h('input', { type: 'url', spellcheck: 'false', autocomplete: 'off', placeholder: 'https://issuer.example' })
  issuer.addEventListener('input', () => change({ issuer: issuer.value }))
  const issuerField = field('Issuer of these keys', issuer, 'A JWK set does not say whose keys it holds.')
  const audience = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off', placeholder: 'https://shop.example' })
  audience.addEventListener('input', () => change({ audience: audience.value }))
  const at = h('input', { type: 'datetime-local', step: 1, 'aria-label': 'The time, in UTC' })
  at.addEventListener('input', () => {
    const time = fromInput(at.value)
    if (time !== undefined) change({ at: time })
  })
  const when = h('div', { class: 'row' })
  const chooseTime = (given: number | undefined) => {
    at.hidden = given === undefined
    at.value = toInput(given ?? clock())
    const chosen = (kind: 'now' | 'then') => {
      at.hidden = kind === 'now'
      change({ at: kind === 'now' ? undefined : fromInput(at.value) })
    }
    fill(when, segments('As of', [['now', 'now'], ['then', 'another time (UTC)']], given === undefined ? 'now' : 'then', chosen), at)
  }
  chooseTime(undefined)
  const element = card(
    'Whom you trust',
    field('Trust bundle, or JWK set', area, ['What ', h('code', {}, 'passport trust fetch'), ' writes. Without it nothing is proved.']),
    take,
    issuerField,
    said,
    field('The service that decides', audience, 'As passports name it. Left empty, the first that this one names.'),
    h('div', { class: 'field' }, h('span', { class: 'label' }, 'As of'), when),
  )
  return {
    element,
    show(looked) {
      issuerField.hidden = !area.value.trim().startsWith('{')
      fill(said, looked.distrust && notice('bad', 'bad', `${looked.distrust}.`), looked.trust && told(looked.trust, looked.now))
    },
    put(given) {
      area.value = given.trust
      issuer.value = given.issuer
      audience.value = given.audience
      chooseTime(given.at)
    },
  }
}

function told(trust: TrustTold, now: number): HTMLElement {
  const keys = `${trust.keyIds.length} ${trust.keyIds.length === 1 ? 'key' : 'keys'} of ${trust.issuer}`
  const { bundle } = trust
  if (bundle === null) return notice('plain', 'shield', `${keys}. A JWK set has no age and knows of no revocation.`)
  const age = `A bundle of ${away(bundle.issuedAt, now)}, number ${bundle.sequence}.`
  if (bundle.expired) return notice('care', 'care', `${keys}. ${age} It has expired: fetch a new one.`)
  return notice('plain', 'shield', `${keys}. ${age}`)
}

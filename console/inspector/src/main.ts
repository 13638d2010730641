// The inspector: a passport is taken apart, verified and tried here, by the verifier's own core. Nothing is sent anywhere.
import '../../src/styles/tokens.css'
import '../../src/styles/base.css'
import '../../src/styles/controls.css'
import '../../src/styles/parts.css'
import './inspector.css'

import { type Core, loadCore } from './core'
import { fill, h } from './dom'
import { icon } from './icons'
import { badge, card, notice, segments } from './parts'
import { passportCard } from './passport-card'
import { proofPage } from './proof-page'
import { grantsCard, hidesCard, rawCard, saysCard, stepsCard, verdict } from './says-card'
import { bareToken, type Given, look, nothing } from './state'
import { themeSwitch } from './theme'
import { trustCard } from './trust-card'
import { tryCard } from './try-card'

declare const __EXAMPLE__: { token: string; trust: string; issuer: string; audience: string; request: string; now: number }

/** What the console may leave in the tab's storage for this page, each under `passport-inspector-NAME`. It is taken once, and is in no URL. */
const HANDED_OVER = ['token', 'request', 'proof', 'key'] as const

const served = location.protocol.startsWith('http')
const app = document.querySelector('#app')
if (app !== null) void start(app)

async function start(app: Element): Promise<void> {
  const main = h('main', { id: 'main', tabindex: -1 })
  app.append(top(), main)
  try {
    show(main, await loadCore())
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    fill(main, notice('bad', 'bad', h('strong', {}, 'The verifier’s core cannot be loaded'), `${why}. \`passport inspect\` does the same on a command line.`))
  }
}

function top(): HTMLElement {
  const brand = [icon('brand'), 'Passport']
  return h(
    'header',
    { class: 'top' },
    h('a', { class: 'skip', href: '#main' }, 'Skip to the inspector'),
    served ? h('a', { class: 'brand', href: '/console/', title: 'The console' }, brand) : h('span', { class: 'brand' }, brand),
    h('span', { class: 'top-end' }, badge('good', 'shield', 'nothing leaves this page'), themeSwitch()),
  )
}

function show(main: HTMLElement, core: Core): void {
  const handed = takeHandedOver()
  const passport = passportPage(core, handed)
  const proof = proofPage(core)
  if (handed.proof !== undefined) proof.put(handed.proof, handed.key ?? '')
  const choose = (page: 'passport' | 'proof') => {
    passport.hidden = page !== 'passport'
    proof.element.hidden = page !== 'proof'
    document.title = `${page === 'proof' ? 'Proof · ' : ''}Inspector · Passport`
    history.replaceState(null, '', page === 'proof' ? '#proof' : location.pathname)
  }
  const first = handed.proof !== undefined || location.hash === '#proof' ? 'proof' : 'passport'
  const choice = h('div', {})
  const draw = (page: 'passport' | 'proof') => {
    fill(choice, segments('What to look at', [['passport', 'A passport'], ['proof', 'A decision’s proof']], page, choose))
    choose(page)
  }
  // An address with another end is another page of this one: the browser loads nothing anew for it.
  window.addEventListener('hashchange', () => draw(location.hash === '#proof' ? 'proof' : 'passport'))
  const head = h(
    'div',
    { class: 'page-head' },
    h('div', { class: 'row-apart' }, h('h1', {}, 'Inspector'), choice),
    h('p', { class: 'page-lead muted' }, 'Taken apart, verified and tried in this page, by the code that a service embeds. It works without a network.'),
  )
  main.append(h('div', { class: 'page' }, head, passport, proof.element))
  draw(first)
}

function passportPage(core: Core, handed: HandedOver): HTMLElement {
  let given: Given = { ...nothing(), token: handed.token ?? '', request: handed.request ?? '' }
  const headline = h('div', { 'aria-live': 'polite' })
  const above = h('div', { class: 'stack-l' })
  const below = h('div', { class: 'stack-l' })
  const passport = passportCard((token) => change({ token }, true), example)
  const trust = trustCard((part) => change(part))
  const request = tryCard((text) => change({ request: text }))

  const draw = () => {
    const looked = look(core, given)
    const { apart, decided, now } = looked
    const claims = apart?.passport
    passport.show(apart)
    trust.show(looked)
    request.show(looked)
    request.element.hidden = claims == null
    fill(headline, verdict(looked))
    fill(above, apart === undefined && welcome(example), claims && apart && saysCard(claims, apart, now), claims && [grantsCard(claims), hidesCard(claims)])
    fill(below, decided && claims && stepsCard(decided), apart && rawCard(apart))
    return claims
  }
  const change = (part: Partial<Given>, another = false) => {
    given = { ...given, ...part, ...(another && { request: '' }) }
    const claims = draw()
    if (another) request.put(claims, '')
  }
  const put = (whole: Given) => {
    given = whole
    passport.area.value = whole.token
    trust.put(whole)
    request.put(draw(), whole.request)
  }
  function example() {
    const { now, ...rest } = __EXAMPLE__
    put({ ...rest, at: now })
  }
  put({ ...given, token: bareToken(given.token) })
  return h('div', { class: 'grid-inspect' }, h('div', { class: 'stack-l' }, passport.element, trust.element), h('div', { class: 'stack-l results' }, headline, above, request.element, below))
}

function welcome(example: () => void): HTMLElement {
  const step = (title: string, text: string) => h('li', {}, h('strong', {}, title), h('span', { class: 'muted' }, text))
  return card(
    'Nothing to look at yet',
    h(
      'ol',
      { class: 'welcome' },
      step('Paste a passport', 'Who carries it, for whom it is, what it allows, in words.'),
      step('Say whom you trust', 'Then signature, times and revocation are checked, step by step.'),
      step('Try a request', 'What a service would answer, and what each grant said to it.'),
    ),
    h('div', {}, h('button', { type: 'button', class: 'button is-first', onclick: example }, 'Look at an example')),
  )
}

type HandedOver = { [Name in (typeof HANDED_OVER)[number]]?: string }

function takeHandedOver(): HandedOver {
  const handed: HandedOver = {}
  try {
    for (const name of HANDED_OVER) {
      const kept = sessionStorage.getItem(`passport-inspector-${name}`)
      sessionStorage.removeItem(`passport-inspector-${name}`)
      if (kept !== null) handed[name] = kept
    }
  } catch {
    // This browser keeps nothing.
  }
  return handed
}

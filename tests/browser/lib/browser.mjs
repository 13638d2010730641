// A browser that forgives nothing: what a page does wrong in the background fails the test that opened it.
import assert from 'node:assert/strict'
import { chromium, executable } from './places.mjs'

let launched

export async function browser() {
  // Debian's chromium has no sandbox that root could use; in a container there is nobody else.
  launched ??= chromium.launch({ executablePath: executable, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  return launched
}

export async function closeBrowser() {
  await (await launched)?.close()
  launched = undefined
}

/**
 * A fresh profile whose pages may reach `origin` alone. `clean()` fails on everything that went wrong since: console errors,
 * uncaught exceptions, requests elsewhere, reports of the content security policy, answers of 500 and above.
 */
export async function open(origin, options = {}) {
  const context = await (await browser()).newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', ...options })
  const faults = []
  const expected = []
  const note = (fault) => {
    if (!expected.some((pattern) => pattern.test(fault))) faults.push(fault)
  }
  await context.exposeBinding('__violation', (_, text) => note(`content security policy: ${text}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      // Chromium reports a page's own meta policy here too.
      window.__violation(`${event.violatedDirective} refuses ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber} ${event.sample}`)
    })
  })
  context.on('request', (request) => {
    const url = request.url()
    if (/^(data|blob):/.test(url) || url === origin || url.startsWith(`${origin}/`) || (origin.startsWith('file:') && url.startsWith(origin))) return
    note(`request to another origin: ${request.method()} ${url}`)
  })
  context.on('response', (response) => {
    if (response.status() >= 500) note(`answer ${response.status()}: ${response.request().method()} ${response.url()}`)
  })
  context.on('console', (message) => {
    if (message.type() === 'error' || /content security policy/i.test(message.text())) note(`console: ${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => note(`uncaught: ${error.error().stack ?? error.error()}`))
  const clean = () => {
    const found = faults.splice(0)
    assert.deepEqual(found, [], 'the pages did something wrong in the background')
  }
  return {
    context,
    faults,
    /** What the test provokes itself, as a refused sign-in. */
    expect: (pattern) => expected.push(pattern),
    clean,
    async page() {
      const page = await context.newPage()
      page.setDefaultTimeout(15_000)
      return page
    },
    async close() {
      await context.close()
      clean()
    },
  }
}

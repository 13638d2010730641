// What the first look at each page costs, on this machine: `node tests/browser/basics.mjs [--json]`.
//
// Bytes are those on the wire, compressed as the issuer sends them. A page is interactive once it has painted, the network was
// quiet for half a second, and no task has held the main thread for over 50 ms since: the moment of the last of those. Each row
// is the median of five visits with an empty cache. It ends with 1 where the first page has more than 200 kB.
import { open, closeBrowser } from './lib/browser.mjs'
import { signIn } from './lib/console.mjs'
import { startIssuer } from './lib/issuer.mjs'

const LIMIT = 200_000
const VISITS = 5
const QUIET = 500

async function visit(context, url, ready) {
  const page = await context.newPage()
  const wire = await context.newCDPSession(page)
  await wire.send('Network.enable')
  await wire.send('Network.setCacheDisabled', { cacheDisabled: true })
  let requests = 0
  let bytes = 0
  wire.on('Network.requestWillBeSent', () => {
    requests += 1
  })
  wire.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  await page.addInitScript(() => {
    window.__tasks = []
    new PerformanceObserver((list) => window.__tasks.push(...list.getEntries().map((task) => task.startTime + task.duration))).observe({ type: 'longtask', buffered: true })
  })
  await page.goto(url)
  await ready(page)
  const times = await page.evaluate(async (quiet) => {
    const ended = () => Math.max(0, ...performance.getEntriesByType('resource').map((entry) => entry.responseEnd))
    // Until nothing has come in for that long.
    while (performance.now() - Math.max(ended(), ...window.__tasks) < quiet) await new Promise((done) => setTimeout(done, 50))
    const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0
    return { paint, interactive: Math.max(paint, performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd, ended(), ...window.__tasks), tasks: window.__tasks.length }
  }, QUIET)
  await page.close()
  return { requests, bytes, ...times }
}

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]

async function measure(context, name, url, ready) {
  const visits = []
  for (let count = 0; count < VISITS; count += 1) visits.push(await visit(context, url, ready))
  const of = (key) => Math.round(median(visits.map((each) => each[key])))
  return { page: name, bytes: of('bytes'), requests: of('requests'), firstPaintMs: of('paint'), interactiveMs: of('interactive'), longTasks: of('tasks') }
}

const issuer = await startIssuer()
try {
  const session = await open(issuer.url)
  const heading = (name) => (page) => page.getByRole('heading', { level: 1, name }).waitFor()
  const rows = [await measure(session.context, 'sign in', `${issuer.url}/console/`, heading('Sign in'))]
  await signIn(await session.page(), issuer)
  rows.push(await measure(session.context, 'overview', `${issuer.url}/console/`, heading('Overview')))
  rows.push(await measure(session.context, 'audit', `${issuer.url}/console/audit`, heading('Audit')))
  rows.push(await measure(session.context, 'inspector', `${issuer.url}/console/inspector`, (page) => page.getByLabel('The token').waitFor()))
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows, null, 2))
  else {
    console.log(`${'page'.padEnd(12)}${'kB'.padStart(8)}${'requests'.padStart(10)}${'first paint'.padStart(13)}${'interactive'.padStart(13)}${'long tasks'.padStart(12)}`)
    for (const row of rows) {
      const ms = (value) => `${value} ms`
      console.log(`${row.page.padEnd(12)}${(row.bytes / 1000).toFixed(1).padStart(8)}${String(row.requests).padStart(10)}${ms(row.firstPaintMs).padStart(13)}${ms(row.interactiveMs).padStart(13)}${String(row.longTasks).padStart(12)}`)
    }
  }
  const heavy = rows.filter(({ page, bytes }) => page !== 'inspector' && bytes > LIMIT)
  for (const { page, bytes } of heavy) console.error(`${page}: ${bytes} bytes, over the ${LIMIT} that a first page may have`)
  process.exitCode = heavy.length > 0 ? 1 : 0
} finally {
  await closeBrowser()
  await issuer.stop()
}

// Each page of the console, with something on it, in both themes and at phone width; and the inspector as it is served.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { open } from './lib/browser.mjs'
import { confirm, issuerForTests, loaded, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const SHOP = 'https://shop.example'
const issuer = await issuerForTests()
let passport
let session
let page

before(async () => {
  await issuer.agent('ollie', 'Ollie, travel assistant')
  const grants = [
    { resource: 'commerce', allowedActions: ['browse', 'purchase'], blockedActions: ['refund'], constraints: { amount: { max: '500.00' }, currency: { equals: 'EUR' } }, sensitiveAttributes: ['card', 'iban'] },
    { resource: 'drive/**', allowedActions: ['write'], requiresApproval: true },
  ]
  passport = await issuer.issue('ollie', SHOP, grants)
  await issuer.must('POST', '/v1/templates', {
    name: 'team-reports',
    description: 'Reads the reports of one team',
    parameters: { team: { type: 'string' }, limit: { type: 'number', max: 1000, default: 50 } },
    grants: [{ resource: 'reports/${team}/**', allowedActions: ['read'], constraints: { pages: { max: { $param: 'limit' } } } }],
    audience: ['https://reports.example'],
    expiresIn: 3600,
  })
  const service = await issuer.service('shop', SHOP)
  await service(passport.passport, { action: 'purchase', resource: 'commerce', amount: 20, currency: 'EUR', requestId: 'req_allowed' })
  await service(passport.passport, { action: 'purchase', resource: 'commerce', amount: 742, currency: 'EUR', requestId: 'req_denied' })
  await service(passport.passport, { action: 'refund', resource: 'commerce', requestId: 'req_blocked' })
  await service(passport.passport, { action: 'write', resource: 'drive/q3', requestId: 'req_ask' })
  // One whose decision waited in its spool, and was made by the trust before.
  await issuer.agent('spooler')
  const { passport: own } = await issuer.issue('spooler', issuer.url, [{ resource: 'issuer/audit', allowedActions: ['audit.write'] }])
  const { trustSequence } = await issuer.must('GET', '/v1/audit/reporters')
  const event = { requestId: 'req_spooled', seq: 1, allowed: true, outcome: 'allow', reason: 'granted', message: '', details: [], evaluatedAt: new Date(Date.now() - 125_000).toISOString().replace(/\.\d+Z$/, 'Z'), trustSequence: trustSequence - 1 }
  // Another that hides what it was asked about, and lets the log see that it is not met.
  const details = [{ grant: 0, attribute: 'amount', operator: 'max', expected: null, actual: null }]
  const hiding = { ...event, requestId: 'req_hidden', allowed: false, outcome: 'deny', reason: 'constraint_unmet', message: 'the message is not shown', details, passportId: passport.passportId, agentId: 'ollie', action: 'purchase', resource: 'commerce', attributes: { amount: { hmacSha256: 'x' }, currency: 'EUR' } }
  await issuer.must('POST', '/v1/audit/events', { reporter: 'spooler', events: [hiding, { ...event, seq: 2 }] }, own)
  session = await open(issuer.url)
  session.expect(/console\/session/)
  page = await session.page()
  await signIn(page, issuer)
})

const pages = [
  ['overview', '', 'Overview'],
  ['agents', 'agents', 'Agents'],
  ['agent', 'agents/ollie', /Ollie/],
  ['passports', 'passports', 'Passports'],
  ['passport', () => `passports/${passport.passportId}`, /pp_|ollie/i],
  ['issue', 'issue', 'Issue a passport'],
  ['templates', 'templates', 'Templates'],
  ['template', 'templates/of/team-reports', 'team-reports'],
  ['template-new', 'templates/new', 'New template'],
  ['approvals', 'approvals', 'Approvals'],
  ['audit', 'audit', 'Audit'],
  ['keys', 'keys', 'Keys'],
  ['webhooks', 'webhooks', 'Webhooks'],
]

for (const [name, path, heading] of pages) {
  test(`the page ${name} is quiet, readable and in order`, async () => {
    await page.goto(`${issuer.url}/console/${typeof path === 'function' ? path() : path}`)
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await loaded(page)
    await look(page, `page-${name}`)
    session.clean()
  })
}

test('what a passport keeps from the log is said where it is read, and where it is issued', async () => {
  const words = 'Hides card and iban of requests on commerce'
  await page.goto(`${issuer.url}/console/passports/${passport.passportId}`)
  await page.getByText(words).waitFor()
  await page.goto(`${issuer.url}/console/issue?agent=ollie`)
  await page.getByText(/^It allows/).waitFor()
  assert.equal(await page.getByText('Kept from the audit log').count(), 0)
  const kept = page.getByLabel('Keep from the log').first()
  await kept.selectOption('all but these')
  await page.getByText('Hides every attribute of requests on commerce').waitFor()
  const names = page.getByLabel('Attributes', { exact: true }).first()
  await names.fill('amount')
  await page.getByText('Hides every attribute but amount of requests on commerce').waitFor()
  await kept.selectOption('these')
  await names.fill('card, iban')
  await page.getByText(words).waitFor()
  await look(page, 'page-issue-kept')
  session.expect(/422/)
  await names.fill('action')
  await page.locator('.grant .mistake').filter({ hasText: 'reserved' }).waitFor()
  session.clean()
})

test('one decision is shown with its why', async () => {
  await page.goto(`${issuer.url}/console/audit?reporter=shop`)
  await page.getByRole('link', { name: /purchase on commerce/ }).first().click()
  await page.getByText(/over the maximum of 500/).first().waitFor()
  // Each grant says its own, in the issuer's words, and what the answer would be now.
  const said = page.locator('.why-grant')
  await said.filter({ hasText: 'Grant 0' }).getByText('not within its limits').waitFor()
  await said.filter({ hasText: 'Grant 0' }).getByText('`amount` is 742'.replaceAll('`', '')).waitFor()
  await said.filter({ hasText: 'Grant 1' }).getByText('about something else').waitFor()
  await page.getByRole('heading', { name: 'The same request now' }).waitFor()
  await look(page, 'page-decision')
  session.clean()
})

test('what a verifier has hidden is said to be out of sight', async () => {
  await page.goto(`${issuer.url}/console/audit/req_hidden`)
  const said = page.locator('.why-grant').filter({ hasText: 'Grant 0' })
  await said.getByText('amount is hidden from the log; the reporter says that this is not met').waitFor()
  await page.getByText('What it would be now cannot be told').waitFor()
  assert.equal(await page.locator('.facts dd').filter({ hasText: 'hidden from the log' }).count(), 1)
  await look(page, 'page-decision-hidden')
  session.clean()
})

test('a search finds by a part of the id or name, in either case', async () => {
  await page.goto(`${issuer.url}/console/agents`)
  await page.getByLabel('Search').fill('TRAVEL')
  await page.getByRole('link', { name: 'shop, a service' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Ollie, travel assistant' }).waitFor()
  await page.getByLabel('State').selectOption('disabled')
  await page.getByText('No agent is like that').waitFor()
  await page.goto(`${issuer.url}/console/passports?text=OLL&state=live`)
  await page.getByRole('link', { name: 'ollie' }).first().waitFor()
  assert.equal(await page.getByRole('main').getByRole('link', { name: 'shop' }).count(), 0)
  session.clean()
})

test('the overview says how fresh the trust and the spool of a verifier are', async () => {
  await page.goto(`${issuer.url}/console/`)
  const verifier = page.locator('.verifier').filter({ hasText: 'spooler' })
  await verifier.getByText('trust 1 change behind').waitFor()
  await verifier.getByText(/delivered after 2 min/).waitFor()
  session.clean()
})

test('a webhook is made with a secret that is shown once, disabled, enabled and deleted', async () => {
  await page.goto(`${issuer.url}/console/webhooks`)
  await page.getByRole('button', { name: 'New webhook' }).first().click()
  const dialog = page.getByRole('dialog')
  session.expect(/422/)
  await dialog.getByLabel('Address').fill('https://hooks.invalid/x')
  await dialog.getByLabel('Other types').fill('weather.nice')
  await dialog.getByRole('button', { name: 'Create webhook' }).click()
  await dialog.locator('.mistake').first().waitFor()
  // Each filter that the API takes has a field, and its mistakes beside it.
  await dialog.getByLabel('on the resource').fill('r'.repeat(257))
  await dialog.getByRole('button', { name: 'Create webhook' }).click()
  await dialog.locator('.field', { hasText: 'on the resource' }).locator('.mistake').waitFor()
  await look(page, 'webhook-mistake')
  const filter = { agentId: 'admin', passportId: 'pp_1', reporter: 'passport', action: 'issuer', resource: 'commerce' }
  const labels = { agentId: 'of the agent', passportId: 'on the passport', reporter: 'reported by', action: 'of the action', resource: 'on the resource' }
  for (const [name, label] of Object.entries(labels)) await dialog.getByLabel(label).fill(filter[name])
  await dialog.getByLabel('Other types').fill('')
  await dialog.getByLabel('Changes at the issuer').check()
  for (const [name, label] of Object.entries(labels)) await dialog.getByLabel(label).fill(name === 'agentId' ? 'admin' : '')
  await dialog.getByLabel('What it is for').fill('The pager of the team')
  await dialog.getByRole('button', { name: 'Create webhook' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText(/^whsec_/).waitFor()
  await look(page, 'webhook-made')
  await page.getByRole('link', { name: 'hooks.invalid/x' }).click()
  await page.getByRole('heading', { level: 1, name: 'hooks.invalid/x' }).waitFor()
  assert.equal(await page.getByText(/whsec_/).count(), 0)
  await page.getByText('Only of the agent').waitFor()
  await issuer.agent('noisy')
  await page.getByRole('cell', { name: 'pending' }).first().waitFor({ timeout: 60_000 })
  await look(page, 'page-webhook')
  await page.getByRole('button', { name: 'Disable' }).click()
  await confirm(page, 'Disable', { Reason: 'moving house' })
  await page.getByText(/moving house/).waitFor()
  await page.getByRole('button', { name: 'Enable' }).click()
  await confirm(page, 'Enable')
  await page.getByRole('button', { name: 'Send dead ones again' }).click()
  await confirm(page, 'Send again')
  await page.getByRole('button', { name: 'Delete' }).click()
  await confirm(page, 'Delete')
  await page.getByText('Nobody is told yet').waitFor()
  assert.deepEqual((await issuer.must('GET', '/v1/webhooks')).items, [])
  session.clean()
})

test('a page that is not there says so', async () => {
  await page.goto(`${issuer.url}/console/nowhere`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await look(page, 'page-not-found')
  session.clean()
})

test('the inspector as the issuer serves it verifies by this issuer’s trust under the strict policy', async () => {
  const answer = await page.goto(`${issuer.url}/console/inspector`)
  const policy = answer.headers()['content-security-policy']
  assert.match(policy, /default-src 'none'/)
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')/)
  await page.getByLabel('The token').fill(passport.passport)
  await page.getByText('The signature was not checked').waitFor()
  const asked = []
  page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname} ${request.postData() ?? ''}`))
  await page.getByRole('button', { name: 'Trust this issuer' }).click()
  await page.getByText('Verified', { exact: true }).waitFor()
  await page.getByText('It hides card and iban of requests on commerce.').waitFor()
  await page.getByRole('button', { name: 'purchase on commerce' }).click()
  await page.locator('.answer').getByText('allowed', { exact: true }).waitFor()
  assert.deepEqual(asked, ['GET /v1/trust-bundle '], 'its public keys were asked for, and nothing was sent')
  await look(page, 'inspector-served')
  // What is loaded is all that it needs.
  await session.context.setOffline(true)
  await page.locator('.attribute').getByLabel('Value', { exact: true }).first().fill('501')
  await page.locator('.answer').getByText('denied', { exact: true }).waitFor()
  await session.context.setOffline(false)
  session.clean()
})

test('the console hands a token to the inspector in no address', async () => {
  await page.evaluate((token) => sessionStorage.setItem('passport-inspector-token', token), passport.passport)
  await page.goto(`${issuer.url}/console/inspector`)
  await page.locator('.facts').getByText('ollie').waitFor()
  assert.equal(await page.evaluate(() => sessionStorage.length), 0)
  assert.ok(!page.url().includes('eyJ'))
  session.clean()
})

test('the proof of a decision is verified in the browser', async () => {
  await issuer.command(['audit', 'prove', 'req_denied', '-o', 'proof.json'])
  const key = await issuer.command(['audit', 'key'])
  const proof = issuer.read('proof.json')
  await page.goto(`${issuer.url}/console/inspector#proof`)
  await page.getByLabel('The log’s public key').fill(key.split(/\s+/).find((word) => /\+[0-9a-f]{8}\+/.test(word)) ?? key)
  await page.getByLabel('The proof file').fill(proof)
  await page.getByText('Proved', { exact: true }).waitFor()
  await page.getByText('constraint_unmet').first().waitFor()
  await look(page, 'inspector-proof')
  await page.getByLabel('The proof file').fill(proof.replace('742', '242'))
  await page.getByText('It proves nothing').waitFor()
  await session.close()
})

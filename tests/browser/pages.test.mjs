// Each page of the console, with something on it, in both themes and at phone width; and the inspector as it is served.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { open } from './lib/browser.mjs'
import { issuerForTests, loaded, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const SHOP = 'https://shop.example'
const issuer = await issuerForTests()
let passport
let session
let page

before(async () => {
  await issuer.agent('ollie', 'Ollie, travel assistant')
  const grants = [
    { resource: 'commerce', allowedActions: ['browse', 'purchase'], blockedActions: ['refund'], constraints: { amount: { max: '500.00' }, currency: { equals: 'EUR' } } },
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

test('one decision is shown with its why', async () => {
  await page.goto(`${issuer.url}/console/audit`)
  await page.getByRole('link', { name: /purchase on commerce/ }).first().click()
  await page.getByText(/over the maximum of 500/).first().waitFor()
  await look(page, 'page-decision')
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

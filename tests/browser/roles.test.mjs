// A passport that holds only `audit.read`: everything else is neither shown nor possible.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open } from './lib/browser.mjs'
import { issuerForTests, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const issuer = await issuerForTests()

test('who may only read the audit log sees nothing else and can do nothing else', async () => {
  await issuer.agent('auditor', 'An auditor')
  const { passport } = await issuer.issue('auditor', issuer.url, [{ resource: 'issuer/audit', allowedActions: ['audit.read'] }])
  const session = await open(issuer.url)
  session.expect(/console\/session/)
  const page = await session.page()
  const refused = []
  session.context.on('response', (response) => {
    if (response.status() === 403) refused.push(response.url())
  })
  await signIn(page, issuer, passport)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const shown = await page.getByRole('navigation', { name: 'Console' }).getByRole('link').allInnerTexts()
  assert.deepEqual(shown.map((text) => text.trim()), ['Overview', 'Audit', 'Inspector'])
  await look(page, 'role-overview')
  assert.equal(await page.getByRole('main').getByRole('button', { name: /create|issue|revoke|rotate|approve/i }).count(), 0)

  // By the address, too, there is nothing to see or to press.
  for (const path of ['agents', 'passports', 'issue', 'templates', 'approvals', 'keys', 'webhooks']) {
    await page.goto(`${issuer.url}/console/${path}`)
    await page.getByText('Your passport does not allow this').waitFor()
    assert.equal(await page.getByRole('main').getByRole('button').count(), 0, path)
  }
  assert.deepEqual(refused, [], 'the pages ask for nothing that they may not have')

  // And what the pages do not offer, the server refuses, with the very cookie.
  const { csrf, may } = await page.evaluate(async () => (await fetch('/console/session')).json())
  assert.deepEqual(may.filter((action) => action !== 'audit.read'), [])
  session.expect(/403/)
  const statuses = await page.evaluate(async (token) => {
    const call = async (method, path, body) => (await fetch(path, { method, headers: { 'content-type': 'application/json', 'X-CSRF-Token': token }, ...(body && { body: JSON.stringify(body) }) })).status
    return {
      read: await call('GET', '/v1/audit/events'),
      agents: await call('GET', '/v1/agents'),
      create: await call('POST', '/v1/agents', { name: 'Mallory' }),
      webhooks: await call('GET', '/v1/webhooks'),
      rotate: await call('POST', '/v1/keys/rotate', {}),
      approvals: await call('GET', '/v1/approvals?state=pending'),
      preview: await call('POST', '/v1/passports/preview', { agentId: 'auditor', audience: ['https://shop.example'], grants: [], expiresIn: 60 }),
    }
  }, csrf)
  assert.deepEqual(statuses, { read: 200, agents: 403, create: 403, webhooks: 403, rotate: 403, approvals: 403, preview: 403 })
  await session.close()
})

test('a session without the CSRF token changes nothing, and is over for the server when it is signed out of', async () => {
  const session = await open(issuer.url)
  session.expect(/console\/session|401|403/)
  const page = await session.page()
  await signIn(page, issuer)
  const bare = await page.evaluate(async () => (await fetch('/v1/agents', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Mallory"}' })).status)
  assert.equal(bare, 403)
  assert.ok((await issuer.must('GET', '/v1/agents')).items.every(({ name }) => name !== 'Mallory'))
  const cookies = await session.context.cookies(issuer.url)
  assert.ok(cookies.length > 0 && cookies.every(({ httpOnly, sameSite }) => httpOnly && sameSite === 'Strict'), JSON.stringify(cookies))
  assert.deepEqual(await page.evaluate(() => [document.cookie, localStorage.length > 0 ? JSON.stringify(localStorage).includes('eyJ') : false]), ['', false])

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Your passport').waitFor()
  const answer = await fetch(`${issuer.url}/v1/agents`, { headers: { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') } })
  assert.equal(answer.status, 401)
  await session.close()
})

test('what does not sign in says so beside the field, and a link is good once', async () => {
  const session = await open(issuer.url)
  session.expect(/console\/session|401/)
  const page = await session.page()
  await page.goto(`${issuer.url}/console/`)
  await page.getByLabel('Your passport').fill('eyJ.nonsense.x')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('That did not sign you in.').waitFor()
  await look(page, 'sign-in-refused')
  const link = await issuer.link()
  await page.goto(link)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const other = await open(issuer.url)
  other.expect(/console\/session|401/)
  const again = await other.page()
  await again.goto(link)
  await again.getByText('That did not sign you in.').waitFor()
  await other.close()
  await session.close()
})

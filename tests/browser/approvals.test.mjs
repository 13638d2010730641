// An approval that arrives while the inbox is open, and what is denied in it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open } from './lib/browser.mjs'
import { confirm, go, issuerForTests, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const issuer = await issuerForTests()

const SHOP = 'https://shop.example'

test('what an agent asks for appears in the open inbox by itself, and a denial with its reason reaches the agent', async () => {
  await issuer.agent('ollie')
  const grants = [{ resource: 'commerce', allowedActions: ['purchase'], requiresApproval: true, constraints: { amount: { max: '900.00' } } }]
  const { passport } = await issuer.issue('ollie', SHOP, grants)
  const session = await open(issuer.url)
  session.expect(/console\/session/)
  const page = await session.page()
  await signIn(page, issuer)
  await go(page, 'Approvals')
  await page.getByText('Nothing waits for you').waitFor()
  await look(page, 'approvals-empty')

  // The page asks once and waits at the issuer, in place of asking again and again.
  const asked = []
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url())
    if (pathname === '/v1/approvals') asked.push(searchParams.get('wait'))
  })
  await page.waitForTimeout(4_000)
  assert.deepEqual(asked, [], 'it waits already')

  const { approvalId } = await issuer.must('POST', '/v1/approvals', { request: { action: 'purchase', resource: 'commerce', amount: 742, vendor: '<b>bold</b>' }, audience: SHOP }, passport)
  const arrived = page.getByRole('link', { name: /purchase on commerce/ })
  await arrived.waitFor()
  await arrived.click()
  await page.getByText('<b>bold</b>').first().waitFor()
  await page.getByText('What ollie may do anyway').waitFor()
  assert.deepEqual(asked, ['25'], 'it waits for what comes next')
  await look(page, 'approvals-one')

  await page.getByRole('main').getByRole('button', { name: 'Deny' }).click()
  await confirm(page, 'Deny', { Reason: 'too dear' })
  await page.getByText(/Denied by/).waitFor()
  const { state, reason } = await issuer.must('GET', `/v1/approvals/${approvalId}`, undefined, passport)
  assert.deepEqual([state, reason], ['denied', 'too dear'])
  await session.close()
})

test('who may decide and may not read passports sees what the agent may do anyway', async () => {
  await issuer.agent('grace')
  await issuer.agent('ann')
  const grants = [
    { resource: 'drive/**', allowedActions: ['read'] },
    { resource: 'drive/**', allowedActions: ['write'], requiresApproval: true },
  ]
  const { passport } = await issuer.issue('grace', SHOP, grants)
  const approver = await issuer.issue('ann', issuer.url, [{ resource: 'issuer/approvals', allowedActions: ['approvals.*'] }])
  const session = await open(issuer.url)
  session.expect(/console\/session/)
  const page = await session.page()
  await signIn(page, issuer, approver.passport)
  await go(page, 'Approvals')
  await page.getByText('Nothing waits for you').waitFor()
  await issuer.must('POST', '/v1/approvals', { request: { action: 'write', resource: 'drive/q3' }, audience: SHOP }, passport)
  await page.getByRole('link', { name: /write on drive\/q3/ }).click()
  await page.getByText('May read on drive/**').waitFor()
  await page.getByText('May write on drive/**, once a person has approved it').waitFor()
  await look(page, 'approvals-approver')
  await page.getByRole('main').getByRole('button', { name: 'Approve' }).click()
  await confirm(page, 'Approve')
  await page.getByText('Nothing waits for you').waitFor()
  await page.getByText(/Approved by ann/).waitFor()
  await session.close()
})

// The first five minutes: from an empty directory to a passport that was issued, used, approved for, revoked and refused.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { open } from './lib/browser.mjs'
import { confirm, go, issuerForTests } from './lib/console.mjs'
import { look } from './lib/look.mjs'
import { shots } from './lib/places.mjs'

const issuer = await issuerForTests()

const FILES = 'https://files.example'

test('an admin who has read nothing issues, watches, approves and revokes within five minutes', async () => {
  const begun = Date.now()
  const session = await open(issuer.url)
  // Before anybody has signed in the app asks who it is, and is told: nobody.
  session.expect(/console\/session/)
  const page = await session.page()
  const shot = (name) => page.screenshot({ path: join(shots, `story-${name}.png`), fullPage: true })

  // The link that `passport console` prints signs in, and stays in no history.
  const link = await issuer.link()
  await page.goto(link)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  assert.ok(!page.url().includes('link='), page.url())
  await shot('1-signed-in')

  // A first agent, by the button that stands there.
  await page.getByRole('main').getByRole('button', { name: 'Create an agent' }).click()
  await confirm(page, 'Create agent', { Name: 'Ollie, files assistant', Id: 'ollie' })
  await page.getByRole('link', { name: /Issue a passport for ollie/ }).click()

  // Its passport, by the form.
  await page.getByRole('radio', { name: /Read, and ask before writing/ }).check()
  await page.getByText(/^It allows/).waitFor()
  await shot('2-issue')
  await page.getByRole('button', { name: 'Issue the passport' }).click()
  await page.getByRole('heading', { name: 'The passport is issued' }).waitFor()
  const token = (await page.getByLabel('the token', { exact: true }).innerText()).trim()
  assert.match(token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
  await shot('3-issued')

  // A service is asked, and its decision arrives while the log is looked at.
  const service = await issuer.service('files', FILES)
  await go(page, 'Audit')
  await page.getByText('Live', { exact: true }).waitFor()
  const read = await service(token, { action: 'read', resource: 'drive/q3', requestId: 'req_first' })
  assert.equal(read.outcome, 'allow')
  await page.getByRole('link', { name: /read on drive\/q3/ }).waitFor()
  await shot('4-first-decision')

  // What needs a person is asked for, seen in the inbox, and approved.
  const request = { action: 'write', resource: 'drive/q3', size: 42 }
  assert.equal((await service(token, request)).outcome, 'approval_required')
  const { approvalId } = await issuer.must('POST', '/v1/approvals', { request, audience: FILES }, token)
  await go(page, 'Approvals')
  await page.getByRole('link', { name: /write on drive\/q3/ }).click()
  await page.getByRole('heading', { name: 'ollie wants to write on drive/q3' }).waitFor()
  await shot('5-approval')
  await page.getByRole('main').getByRole('button', { name: 'Approve' }).click()
  await confirm(page, 'Approve', { Reason: 'the quarter is closed' })
  await page.getByText(/Approved by/).waitFor()
  const approval = await issuer.must('GET', `/v1/approvals/${approvalId}`, undefined, token)
  assert.equal(approval.state, 'approved')
  const written = await service(token, { ...request, approval: approval.token ?? approval.approval })
  assert.equal(written.outcome, 'allow')

  // Revoked, and refused.
  await go(page, 'Passports')
  await page.getByRole('main').getByRole('link', { name: /pp_/ }).filter({ hasText: /./ }).first().waitFor()
  const { items } = await issuer.must('GET', '/v1/passports?agentId=ollie')
  await page.goto(`${issuer.url}/console/passports/${items[0].passportId}`)
  await page.getByRole('main').getByRole('button', { name: 'Revoke', exact: true }).click()
  await confirm(page, 'Revoke the passport', { Reason: 'the trial is over' })
  await page.getByText(/Revoked/).first().waitFor()
  await shot('6-revoked')
  const refused = await service(token, { action: 'read', resource: 'drive/q3' })
  assert.deepEqual([refused.outcome, refused.reason], ['deny', 'revoked'])
  await go(page, 'Audit')
  await page.getByText(/revoked/).first().waitFor()
  await shot('7-denied')

  const seconds = (Date.now() - begun) / 1000
  console.log(`the story took ${seconds.toFixed(1)} s of the browser's time`)
  assert.ok(seconds < 300)
  await go(page, 'Overview')
  await look(page, 'overview-with-decisions')
  await session.close()
})

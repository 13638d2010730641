// The form that issues: what the issuer would sign is shown while it is written, and its mistakes beside their fields.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open } from './lib/browser.mjs'
import { issuerForTests, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const issuer = await issuerForTests()

test('a passport is shown before it is issued as it then is signed, and a mistake stands beside its field before anything is sent off', async () => {
  await issuer.agent('ollie')
  const session = await open(issuer.url)
  session.expect(/console\/session|422/)
  const page = await session.page()
  await signIn(page, issuer)
  await page.goto(`${issuer.url}/console/issue?agent=ollie`)
  await page.getByText(/^It allows/).waitFor()
  await page.getByText(/amount at most 100.00/).waitFor()

  // A mistake is told when typing pauses, at the field, and goes with it.
  const value = page.getByLabel('Value').first()
  await value.fill('a hundred')
  await page.locator('.limit .mistake').first().waitFor()
  assert.equal(await value.getAttribute('aria-invalid'), 'true')
  await page.getByText('As it stands it would be refused.').waitFor()
  await look(page, 'issue-mistake')
  await value.fill('250.50')
  await page.getByText(/amount at most 250.50/).waitFor()
  assert.equal(await page.locator('.mistake').count(), 0)

  // Too long a life is refused by the issuer's own rule.
  await page.getByLabel('It ends after').fill('4000')
  await page.getByText(/lives at most/).waitFor()
  await page.getByLabel('It ends after').fill('3')
  await page.getByText(/amount at most 250.50/).waitFor()
  await look(page, 'issue-preview')

  // Nothing was made by looking; and what was shown is what is signed.
  assert.equal((await issuer.must('GET', '/v1/passports?agentId=ollie')).items.length, 0)
  const shown = Number((await page.locator('.size .number').innerText()).replaceAll(',', '').match(/^\d+/)[0])
  await page.getByText('The token’s claims').click()
  const claims = JSON.parse(await page.getByLabel('the claims', { exact: true }).innerText())
  await page.getByRole('button', { name: 'Issue the passport' }).click()
  await page.getByRole('heading', { name: 'The passport is issued' }).waitFor()
  const token = (await page.getByLabel('the token', { exact: true }).innerText()).trim()
  assert.ok(token.length <= shown && token.length > shown - 10, `${token.length} of ${shown}`)
  const signed = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
  assert.deepEqual([signed.authorization_details, signed.aud, signed.exp - signed.iat], [claims.authorization_details, claims.aud, claims.exp - claims.iat])
  assert.notEqual(signed.jti, claims.jti)
  await session.close()
})

// Templates: made from JSON with its mistakes beside it, tried, changed, issued by, and deleted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open } from './lib/browser.mjs'
import { confirm, go, issuerForTests, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const issuer = await issuerForTests()

test('a template is made, tried, changed to the digit, issued by and deleted', async () => {
  await issuer.agent('ollie')
  const session = await open(issuer.url)
  session.expect(/console\/session|422/)
  const page = await session.page()
  await signIn(page, issuer)
  await go(page, 'Templates')
  await page.getByText('There is no template yet').waitFor()
  await page.getByRole('main').getByRole('link', { name: 'New template' }).first().click()
  await page.getByRole('heading', { name: 'New template' }).waitFor()

  // While it is written it is tried, and nothing is kept of that.
  const tried = page.getByRole('region', { name: 'What it would come to' })
  await tried.getByText(/^Fill in what it leaves open/).waitFor()
  await tried.getByLabel(/^team/).fill('east')
  await tried.getByText('reports/east/**').first().waitFor()
  await tried.getByLabel(/^limit/).fill('1001')
  await tried.locator('.mistake').filter({ hasText: /1000/ }).waitFor()
  await tried.getByLabel(/^limit/).fill('7')
  await tried.getByText(/at most 7/).waitFor()
  await look(page, 'template-tried')

  // What is no JSON is said before anything is sent, and the issuer's mistakes stand beside what they are about.
  const grants = page.getByLabel('Its grants')
  const good = await grants.inputValue()
  await page.getByLabel('Name').fill('team-reports')
  await grants.fill(good.slice(0, -1))
  await page.getByRole('button', { name: 'Create the template' }).click()
  await page.getByText(/^It is not JSON/).waitFor()
  await grants.fill(good.replace('"limit"', '"nobody"'))
  await page.locator('.mistake').filter({ hasText: 'nobody' }).waitFor()
  assert.equal(await grants.getAttribute('aria-invalid'), 'true')
  await look(page, 'template-mistake')
  assert.equal((await issuer.must('GET', '/v1/templates')).items.length, 0)
  await grants.fill(good.replace('"read"', '"read", "list"'))
  await page.getByRole('button', { name: 'Create the template' }).click()

  // Its page says what it comes to.
  await page.getByRole('heading', { name: 'team-reports' }).waitFor()
  await page.getByLabel(/^team/).fill('north')
  await page.getByText('reports/north/**').first().waitFor()
  await page.getByText(/at most 50/).waitFor()
  await page.getByLabel(/^limit/).fill('5000')
  await page.locator('.mistake').filter({ hasText: /1000/ }).waitFor()
  await look(page, 'template-refused-value')
  await page.getByLabel(/^limit/).fill('7')
  await page.getByText(/at most 7/).waitFor()
  await look(page, 'template')

  // A number with more digits than a browser's own numbers have stays as it was written.
  await page.getByRole('main').getByRole('link', { name: 'Change' }).click()
  const open_ = page.getByLabel('What it leaves open')
  await open_.fill((await open_.inputValue()).replace('1000', '12345678901234567890.10'))
  await page.getByRole('button', { name: 'Save as a new revision' }).click()
  await page.getByText('revision 2').waitFor()
  await page.getByText('12345678901234567890.10').waitFor()
  await page.getByRole('main').getByRole('link', { name: 'Change' }).click()
  await page.getByRole('button', { name: 'Save as a new revision' }).click()
  await page.getByText('revision 2').waitFor()
  const kept = await fetch(`${issuer.url}/v1/templates/team-reports`, { headers: { authorization: `Bearer ${issuer.admin}` } })
  assert.match(await kept.text(), /"max":12345678901234567890\.10/)

  // Issued by, and then deleted: what it was issued as stays.
  await page.getByRole('main').getByRole('link', { name: 'Issue by it' }).click()
  await page.getByLabel('Agent', { exact: true }).selectOption('ollie')
  await page.getByLabel(/^team/).fill('south')
  await page.getByText('reports/south/**').first().waitFor()
  await page.getByRole('button', { name: 'Issue the passport' }).click()
  await page.getByRole('heading', { name: 'The passport is issued' }).waitFor()
  assert.equal(await page.getByLabel('Resource').inputValue(), 'reports/south/one', 'what it came to can be tried')
  await go(page, 'Templates')
  await page.getByRole('link', { name: 'team-reports' }).waitFor()
  await look(page, 'templates')
  await page.getByRole('link', { name: 'team-reports' }).click()
  await page.getByRole('main').getByRole('button', { name: 'Delete' }).click()
  await confirm(page, 'Delete')
  await page.getByText('The template team-reports is deleted.').waitFor()
  await page.getByText(/1 live passport of it stays/).waitFor()
  assert.equal((await issuer.must('GET', '/v1/passports?agentId=ollie')).items[0].state, 'live')
  await session.close()
})

test('who may read templates and not write them is offered nothing that would be refused', async () => {
  await issuer.agent('reader')
  await issuer.must('POST', '/v1/templates', { name: 'fixed', grants: [{ resource: 'drive', allowedActions: ['read'] }] })
  const { passport } = await issuer.issue('reader', issuer.url, [{ resource: 'issuer/templates', allowedActions: ['templates.read'] }])
  const session = await open(issuer.url)
  session.expect(/console\/session/)
  const page = await session.page()
  await signIn(page, issuer, passport)
  await go(page, 'Templates')
  await page.getByRole('link', { name: 'fixed' }).click()
  await page.getByText('May read on drive').waitFor()
  assert.equal(await page.getByRole('main').getByRole('button', { name: /delete|change/i }).count(), 0)
  assert.equal(await page.getByRole('main').getByRole('link', { name: /change|new|issue/i }).count(), 0)
  for (const path of ['templates/new', 'templates/of/fixed/change']) {
    await page.goto(`${issuer.url}/console/${path}`)
    await page.getByText('Your passport does not allow this').waitFor()
  }
  await session.close()
})

// Each dialog by the keyboard alone: it is reached, takes the focus, is closed by Escape, and gives the focus back.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { open } from './lib/browser.mjs'
import { confirm, issuerForTests, loaded, signIn } from './lib/console.mjs'
import { look } from './lib/look.mjs'

const issuer = await issuerForTests()
let page
let session
const ids = {}

before(async () => {
  await issuer.agent('ollie')
  const grants = [{ resource: 'drive/**', allowedActions: ['write'], requiresApproval: true }]
  const { passport, passportId } = await issuer.issue('ollie', 'https://files.example', grants)
  ids.passport = passportId
  await issuer.must('POST', '/v1/templates', { name: 'fixed', grants: [{ resource: 'drive', allowedActions: ['read'] }] })
  ids.webhook = (await issuer.must('POST', '/v1/webhooks', { url: 'https://hooks.invalid/x', events: ['decision.denied'] })).webhookId
  const request = { action: 'write', resource: 'drive/q3' }
  ids.approval = (await issuer.must('POST', '/v1/approvals', { request, audience: 'https://files.example' }, passport)).approvalId
  session = await open(issuer.url)
  session.expect(/console\/session/)
  page = await session.page()
  await signIn(page, issuer)
})

const dialogs = [
  ['agents', 'New agent'],
  ['agents/ollie', 'Disable'],
  [() => `passports/${ids.passport}`, 'Revoke'],
  ['templates/of/fixed', 'Delete'],
  [() => `approvals/${ids.approval}`, 'Approve'],
  [() => `approvals/${ids.approval}`, 'Deny'],
  ['audit', 'Export'],
  ['keys', 'Rotate now'],
  ['keys', /^Revoke key/],
  ['webhooks', 'New webhook'],
  [() => `webhooks/${ids.webhook}`, 'New secret'],
  [() => `webhooks/${ids.webhook}`, 'Disable'],
  [() => `webhooks/${ids.webhook}`, 'Delete'],
  [() => `webhooks/${ids.webhook}`, 'Send dead ones again'],
]

for (const [path, name] of dialogs) {
  const at = typeof path === 'function' ? path : () => path
  test(`the dialog of ${name} at ${typeof path === 'string' ? path : path.toString().slice(7, -1)} is used without a mouse`, async () => {
    await page.goto(`${issuer.url}/console/${at()}`)
    await loaded(page)
    const opener = page.getByRole('main').getByRole('button', { name, exact: typeof name === 'string' }).first()
    await tabTo(opener)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    assert.ok(await dialog.evaluate((element) => element.contains(document.activeElement)), 'the focus is in it')
    assert.notEqual(await dialog.getAttribute('aria-labelledby'), null)
    await look(page, `dialog-${at().split('/')[0]}-${String(name).replaceAll(/\W+/g, '-').toLowerCase()}`)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok(await opener.evaluate((element) => element === document.activeElement), 'the focus is where it was')
    session.clean()
  })
}

test('on a phone the menu is opened and closed by the keyboard', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`${issuer.url}/console/agents`)
  await loaded(page)
  const menu = page.getByRole('button', { name: 'Menu' })
  await tabTo(menu)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Webhooks' }).waitFor()
  await look(page, 'phone-menu')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.keyboard.press('Tab')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Webhooks' }).waitFor({ state: 'hidden' })
  assert.ok(await menu.evaluate((element) => element === document.activeElement))
  await page.setViewportSize({ width: 1280, height: 900 })
  session.clean()
})

test('where the button is gone with what was done, the focus is on the heading', async () => {
  await page.goto(`${issuer.url}/console/passports/${ids.passport}`)
  await page.getByRole('main').getByRole('button', { name: 'Revoke', exact: true }).click()
  await confirm(page, 'Revoke the passport', { Reason: 'the trial is over' })
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1')
  await session.close()
})

/** By the tab key, as a person does who has no mouse. */
async function tabTo(element) {
  for (let step = 0; step < 80; step += 1) {
    if (await element.evaluate((one) => one === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail('the tab key does not reach it')
}

// What a person does in the console, by what stands on the page.
import { after } from 'node:test'
import { closeBrowser } from './browser.mjs'
import { startIssuer } from './issuer.mjs'

/** An issuer from an empty directory, for all tests of a file. It is stopped after them, and no browser is left. */
export async function issuerForTests() {
  const issuer = await startIssuer()
  after(async () => {
    await closeBrowser()
    await issuer.stop()
  })
  return issuer
}

/** Signs in with a passport, on the page. */
export async function signIn(page, issuer, token = issuer.admin) {
  await page.goto(`${issuer.url}/console/`)
  await page.getByLabel('Your passport').fill(token)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'attached' })
}

/** Goes by the menu, as a person does. */
export async function go(page, name) {
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name }).click()
}

/** The dialog that asks before something is done. */
export async function confirm(page, act, fields = {}) {
  const dialog = page.getByRole('dialog')
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label).fill(value)
  await dialog.getByRole('button', { name: act, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

/** What the page asked for is there. A page that waits at the issuer for news is never quiet on the network. */
export async function loaded(page) {
  await page.waitForFunction(() => document.querySelector('.loading') === null && !/Asking the issuer/.test(document.body.innerText))
  await page.waitForTimeout(300)
}

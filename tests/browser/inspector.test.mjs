// The inspector as a file opened from disk, on a machine without a network.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { closeBrowser, open } from './lib/browser.mjs'
import { look } from './lib/look.mjs'
import { built, root } from './lib/places.mjs'

after(closeBrowser)

const { trusts, vectors } = JSON.parse(readFileSync(join(root, 'tests/vectors/grants.json'), 'utf8'))
const [example] = vectors

/** The page from disk, with no network from before it is opened. */
async function fromDisk() {
  const url = pathToFileURL(built('inspector.html')).href
  const session = await open(url)
  await session.context.setOffline(true)
  const page = await session.page()
  await page.goto(url)
  await page.getByLabel('The token').waitFor()
  return { session, page }
}

test('the inspector from disk, offline, takes a passport apart, verifies it and tries requests', async () => {
  const { session, page } = await fromDisk()
  await look(page, 'inspector-empty')
  await page.getByLabel('The token').fill(`Bearer ${example.token}\n`)
  await page.getByText('The signature was not checked').waitFor()
  await page.locator('.facts').getByText('agent_ollie').waitFor()
  await page.getByText('on commerce', { exact: false }).first().waitFor()

  await page.getByLabel('another time (UTC)').check()
  await page.getByLabel('The time, in UTC').fill(new Date(example.now * 1000).toISOString().slice(0, 19))
  await page.getByLabel('Trust bundle, or JWK set').fill(trusts.bundle.bundle)
  await page.getByText('Verified', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'purchase on commerce' }).click()
  await page.locator('.answer').getByText('allowed', { exact: true }).waitFor()
  const amount = page.locator('.attribute').filter({ has: page.locator('input[value="amount"]') }).getByLabel('Value', { exact: true })
  await amount.fill('742')
  await page.locator('.answer').getByText('denied', { exact: true }).waitFor()
  await page.getByText('over the maximum of 500.00').first().waitFor()
  await look(page, 'inspector-denied')

  // One character of the signature.
  const at = example.token.lastIndexOf('.') + 5
  const forged = example.token.slice(0, at) + (example.token[at] === 'A' ? 'B' : 'A') + example.token.slice(at + 1)
  await page.getByLabel('The token').fill(forged)
  await page.locator('.notice').getByText('bad_signature').waitFor()
  await page.getByText('Nothing below is proved').waitFor()
  await look(page, 'inspector-forged')
  await session.close()
})

test('the inspector from disk says in words what a passport keeps from the log', async () => {
  const { session, page } = await fromDisk()
  const [header, claims, signature] = example.token.split('.')
  const hiding = { ...JSON.parse(Buffer.from(claims, 'base64url')), hiddenAttributes: [{ resource: 'commerce', shown: ['amount'] }] }
  await page.getByLabel('The token').fill([header, Buffer.from(JSON.stringify(hiding)).toString('base64url'), signature].join('.'))
  await page.getByText('It hides every attribute but amount of requests on commerce.').waitFor()
  await look(page, 'inspector-hides')
  // What cannot be understood hides everything.
  const unread = { ...hiding, hiddenAttributes: 7 }
  await page.getByLabel('The token').fill([header, Buffer.from(JSON.stringify(unread)).toString('base64url'), signature].join('.'))
  await page.getByText('It hides every attribute of every request.').waitFor()
  await session.close()
})

test('what is no passport is told from what is, and a hostile text stays text', async () => {
  const { session, page } = await fromDisk()
  await page.getByLabel('The token').fill(trusts.bundle.bundle)
  await page.getByText('This is a trust bundle, not a passport.').waitFor()
  await page.getByLabel('The token').fill('<img src=x onerror=alert(1)>.a.b')
  await page.getByText('This is not a passport').waitFor()
  assert.equal(await page.locator('img').count(), 0)
  await session.close()
})

test('the example is one click away, and what it says is right', async () => {
  const { session, page } = await fromDisk()
  await page.getByRole('button', { name: 'Look at an example' }).first().click()
  await page.getByText('Verified', { exact: true }).waitFor()
  const { outcome, reason } = example.decision
  await page.locator('.answer').getByText(reason).waitFor()
  assert.ok(await page.locator(`.answer.is-${{ allow: 'good', deny: 'bad', approval_required: 'care' }[outcome]}`).isVisible())
  await look(page, 'inspector-example')
  await session.close()
})

test('the inspector is used by the keyboard alone', async () => {
  const { session, page } = await fromDisk()
  const tabTo = async (name) => {
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab')
      const here = await page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('aria-label') || '')
      if (here.includes(name)) return
    }
    assert.fail(`the keyboard does not reach ${name}`)
  }
  await tabTo('Skip to the inspector')
  await tabTo('Look at an example')
  await page.keyboard.press('Enter')
  await page.getByText('Verified', { exact: true }).waitFor()
  await tabTo('purchase on commerce')
  await page.keyboard.press('Space')
  await page.locator('.answer').getByText('allowed', { exact: true }).waitFor()
  await session.close()
})

test('the proof of a decision is asked for with the key, and what is none proves nothing', async () => {
  const { session, page } = await fromDisk()
  await page.getByLabel('A decision’s proof').check()
  await look(page, 'inspector-proof-empty')
  await page.getByLabel('The proof file').fill('{}')
  await page.getByLabel('The log’s public key').fill('nonsense')
  await page.getByText('the log’s key'.replace('’', "'"), { exact: false }).first().waitFor()
  await page.getByLabel('The log’s public key').fill('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
  await page.getByText('It proves nothing').waitFor()
  await session.close()
})

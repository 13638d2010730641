// Looks at a page as it is shown to people: axe in both themes, on a desk and on a phone, with screenshots.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { axe, shots } from './places.mjs'

const widths = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } }

/** No serious fault by axe, and nothing to scroll sideways. `name` is that of the screenshots. */
export async function look(page, name) {
  const before = page.viewportSize()
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const [size, viewport] of Object.entries(widths)) {
      await page.setViewportSize(viewport)
      await settle(page)
      await page.screenshot({ path: join(shots, `${name}-${theme}-${size}.png`), fullPage: true })
      await checkWidth(page, `${name}, ${size}`)
      await checkAxe(page, `${name}, ${theme}, ${size}`)
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
  if (before !== null) await page.setViewportSize(before)
}

/** Transitions of colours are over, and what was resized is drawn. */
async function settle(page) {
  await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    await Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished.catch(() => {})))
  })
}

async function checkWidth(page, where) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= room) return undefined
    const over = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > room + 1)
    return { scrollWidth: document.documentElement.scrollWidth, room, elements: over.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)) }
  })
  assert.equal(wide, undefined, `${where}: it scrolls sideways: ${JSON.stringify(wide)}`)
}

export async function checkAxe(page, where) {
  // Evaluated, not injected as a script: the page's policy would refuse that, as it should.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => window.axe.run(document, { preload: false, resultTypes: ['violations'] }))
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = grave.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 4).map((node) => `    ${node.target.join(' ')}  ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`).join('\n')}`)
  assert.equal(told.length, 0, `${where}: axe finds\n${told.join('\n')}`)
}

// Where things lie, and the packages that `./check tools` has put there.
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
export const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
export const dist = join(root, 'console/dist')
/** The command that is tested. */
export const passport = process.env.PASSPORT_TEST_BINARY ?? join(target, 'debug/passport')
/** Screenshots, for whoever builds the pages to look at. */
export const shots = join(target, 'browser')
mkdirSync(shots, { recursive: true })

const tools = join(process.env.PASSPORT_TEST_TOOLS ?? join(target, 'tools'), 'browser')

function missing(what) {
  return new Error(`${what} is missing: \`./check tools\` installs what the browser tests need`)
}

function load(name) {
  if (!existsSync(join(tools, 'node_modules', name))) throw missing(`the npm package ${name}`)
  return createRequire(join(tools, 'package.json'))(name)
}

export const { chromium } = load('playwright-core')
export const axe = load('axe-core')

const browsers = [process.env.PASSPORT_TEST_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const executable = browsers.find((path) => path !== undefined && existsSync(path))
if (executable === undefined) throw missing('chromium')

/** A part of the build, or which command makes it. */
export function built(path) {
  const whole = join(dist, path)
  if (!existsSync(whole)) throw new Error(`console/dist/${path} is missing: \`./check console\` builds it`)
  return whole
}

// Builds the inspector: `npm run build`. What comes out, below console/dist/:
//
//   assets/inspector-HASH.{js,css,wasm}   as an issuer serves them, with nothing inline
//   inspector/index.html                  what `/console/inspector` answers
//   inspector.html                        the same in ONE file that is opened from disk and may reach nothing
//
// and console/core/pkg/passport_inspector.wasm, for whoever wants the core by itself.
//
// The core is Rust for wasm32-unknown-unknown. Where that target cannot be had, this says so, removes what an earlier build
// left, and ends well: the rest of the console does not need it.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const root = resolve(here, '../..')
const dist = resolve(here, '../dist')
const pkg = resolve(here, '../core/pkg')
const TARGET = 'wasm32-unknown-unknown'

function clear() {
  mkdirSync(join(dist, 'assets'), { recursive: true })
  for (const name of readdirSync(join(dist, 'assets'))) {
    if (name.startsWith('inspector-')) rmSync(join(dist, 'assets', name))
  }
  for (const path of [join(dist, 'inspector'), join(dist, 'inspector.html'), pkg]) rmSync(path, { recursive: true, force: true })
}

/** The core, or why it cannot be had here. */
function core() {
  const run = (command, args) => execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  let sysroot
  try {
    sysroot = run('rustc', ['--print', 'sysroot'])
  } catch {
    return { why: 'there is no Rust here (`rustc` is not on the path)' }
  }
  const installed = () => existsSync(join(sysroot, 'lib/rustlib', TARGET, 'lib'))
  if (!installed()) spawnSync('rustup', ['target', 'add', TARGET], { cwd: root, stdio: 'inherit' })
  if (!installed()) return { why: `the target is not installed, and \`rustup target add ${TARGET}\` cannot get it here` }
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
  // No path of this machine in what is shipped.
  const flags = [`--remap-path-prefix=${process.env.CARGO_HOME ?? join(homedir(), '.cargo')}=cargo`, `--remap-path-prefix=${root}=passport`]
  const built = spawnSync('cargo', ['build', '--locked', '--quiet', '-p', 'passport-inspector', '--target', TARGET, '--profile', 'wasm'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f') },
  })
  if (built.status !== 0) throw new Error('the core does not compile')
  return { wasm: readFileSync(join(target, TARGET, 'wasm/passport_inspector.wasm')) }
}

/** A passport to look at: the example of docs/format.md, as the published vectors have it. */
function example() {
  const { trusts, vectors } = JSON.parse(readFileSync(join(root, 'tests/vectors/grants.json'), 'utf8'))
  const { trust, audience, token, request, now } = vectors[0]
  const { issuer, jwks } = trusts[trust]
  return { token, trust: JSON.stringify(jwks, null, 2), issuer, audience, request, now }
}

const named = (bytes, stem, ending) => `${stem}-${createHash('sha256').update(bytes).digest('hex').slice(0, 10)}.${ending}`
const sha256 = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

clear()
const { wasm, why } = core()
if (why !== undefined) {
  console.log(`left out: the inspector, which needs the verifier's core for ${TARGET}: ${why}`)
  process.exit(0)
}
mkdirSync(pkg, { recursive: true })
writeFileSync(join(pkg, 'passport_inspector.wasm'), wasm)

const shared = {
  absWorkingDir: here,
  bundle: true,
  write: false,
  minify: true,
  target: 'es2022',
  format: 'iife',
  charset: 'utf8',
  legalComments: 'none',
  outdir: dist,
  entryPoints: ['src/main.ts'],
}
const compiled = async (wasmFrom) => {
  const define = { __EXAMPLE__: JSON.stringify(example()), __WASM__: JSON.stringify(wasmFrom) }
  const { outputFiles } = await build({ ...shared, define })
  const text = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).text
  return { js: text('.js'), css: text('.css') }
}
const icon = `data:image/svg+xml;base64,${readFileSync(join(here, 'src/icon.svg')).toString('base64')}`
const page = readFileSync(join(here, 'index.html'), 'utf8').replace('ICON', icon)

const wasmName = named(wasm, 'inspector-core', 'wasm')
const served = await compiled({ url: `/console/assets/${wasmName}` })
const jsName = named(served.js, 'inspector', 'js')
const cssName = named(served.css, 'inspector', 'css')
mkdirSync(join(dist, 'inspector'), { recursive: true })
writeFileSync(join(dist, 'assets', wasmName), wasm)
writeFileSync(join(dist, 'assets', jsName), served.js)
writeFileSync(join(dist, 'assets', cssName), served.css)
const head = `<link rel="stylesheet" href="/console/assets/${cssName}" />\n    <script defer src="/console/assets/${jsName}"></script>`
writeFileSync(join(dist, 'inspector/index.html'), page.replace("<!-- HEAD -->", () => head).replace("    <!-- BODY -->\n", ""))

const alone = await compiled({ base64: wasm.toString('base64') })
const js = alone.js.trim().replaceAll('</script', '<\\/script')
const css = alone.css.trim()
// From disk nobody sends a policy along, so the file brings its own: it may reach nothing at all.
const policy = `default-src 'none'; script-src ${sha256(js)} 'wasm-unsafe-eval'; style-src ${sha256(css)}; img-src data:; base-uri 'none'; form-action 'none'`
const inline = `<meta http-equiv="Content-Security-Policy" content="${policy}" />\n    <style>${css}</style>`
const whole = page.replace('<!-- HEAD -->', () => inline).replace('<!-- BODY -->', () => `<script>${js}</script>`)
writeFileSync(join(dist, 'inspector.html'), whole)

const kb = (bytes) => `${(bytes / 1000).toFixed(0)} kB`
const row = (name, bytes) => console.log(`${name.padEnd(40)} ${kb(bytes.length).padStart(8)}  gzip ${kb(gzipSync(bytes, { level: 9 }).length).padStart(7)}  brotli ${kb(brotliCompressSync(bytes).length).padStart(7)}`)
row(`dist/assets/${wasmName}`, wasm)
row(`dist/assets/${jsName}`, Buffer.from(served.js))
row(`dist/assets/${cssName}`, Buffer.from(served.css))
row('dist/inspector.html', Buffer.from(whole))

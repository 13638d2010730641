// Puts what an issuer serves out of console/dist/ beside itself in smaller forms, `.br` and `.gz`, once and as well as can be:
// the issuer packs nothing while it answers. Only what gets smaller by it, and not the file that is opened from disk.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist')
const packed = new Set(['.html', '.js', '.css', '.svg', '.wasm', '.json'])

const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name))
// What an earlier build packed may be of a file that is gone.
for (const path of paths) if (['.br', '.gz'].includes(extname(path))) rmSync(path)
for (const path of paths) {
  if (!packed.has(extname(path)) || path === join(dist, 'inspector.html')) continue
  const bytes = readFileSync(path)
  const small = [
    ['.br', brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })],
    ['.gz', gzipSync(bytes, { level: 9 })],
  ]
  for (const [suffix, less] of small) if (less.length < bytes.length) writeFileSync(path + suffix, less)
}

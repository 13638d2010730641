// The core that a browser loads gives the published decisions, byte for byte.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './lib/places.mjs'

const path = join(root, 'console/core/pkg/passport_inspector.wasm')

async function core() {
  assert.ok(existsSync(path), 'console/core/pkg/passport_inspector.wasm is missing: `./check console` builds it')
  const module = await WebAssembly.compile(readFileSync(path))
  assert.deepEqual(WebAssembly.Module.imports(module), [], 'it can reach nothing of its host')
  const { memory, room, call, answer_at } = (await WebAssembly.instantiate(module, {})).exports
  return (act, given) => {
    const said = new TextEncoder().encode(JSON.stringify({ [act]: given }))
    // Room may be made by growing the memory, so it comes before the view of it.
    const at = room(said.length)
    new Uint8Array(memory.buffer, at, said.length).set(said)
    const length = call()
    return new TextDecoder().decode(new Uint8Array(memory.buffer, answer_at(), length))
  }
}

test('every published vector of a plain verifier is decided in WebAssembly as it was published', async () => {
  const ask = await core()
  let count = 0
  for (const file of ['tokens.json', 'grants.json', 'constraints.json']) {
    const { trusts, vectors } = JSON.parse(readFileSync(join(root, 'tests/vectors', file), 'utf8'))
    for (const { name, trust, audience, settings, token, request, now, decision } of vectors) {
      const { mustNameResource, ...others } = settings ?? {}
      // The page sets nothing else on its verifier, and has no trust that is empty.
      if (Object.keys(others).length > 0 || !Number.isSafeInteger(now)) continue
      const { bundle, issuer, jwks } = trusts[trust]
      const given = { token, trust: bundle ?? JSON.stringify(jwks), ...(issuer && { issuer }), audience, now, request, requireResource: mustNameResource === true }
      const { done, failed } = JSON.parse(ask('decide', given))
      assert.equal(failed, undefined, `${file}, ${name}`)
      assert.deepEqual(done.decision, decision, `${file}, ${name}`)
      count += 1
    }
  }
  assert.ok(count > 200, `only ${count} were compared`)
})

test('a call that is too long is given no room', async () => {
  const module = await WebAssembly.compile(readFileSync(path))
  const { room } = (await WebAssembly.instantiate(module, {})).exports
  assert.equal(room(2 ** 31), 0)
  assert.notEqual(room(1000), 0)
})

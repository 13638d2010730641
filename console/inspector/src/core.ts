// The verifier's core, loaded once. It has no import from here: it can reach neither the network, nor a clock, nor the page.
import type { Acts } from './acts'

declare const __WASM__: { url: string } | { base64: string }

interface Exports {
  memory: WebAssembly.Memory
  room(bytes: number): number
  call(): number
  answer_at(): number
}

/** Something that was given cannot be looked at; `faults` say where. */
export class Refused extends Error {
  readonly faults: readonly { pointer: string; detail: string }[]

  constructor(failed: { message: string; faults: { pointer: string; detail: string }[] }) {
    super(failed.message)
    this.faults = failed.faults
  }
}

export class Core {
  readonly #exports: Exports

  constructor(exports: Exports) {
    this.#exports = exports
  }

  /** Asks; throws `Refused` where there is no answer. */
  ask<Act extends keyof Acts>(act: Act, given: Acts[Act]['given']): Acts[Act]['done'] {
    const { memory, room, call, answer_at } = this.#exports
    const said = new TextEncoder().encode(JSON.stringify({ [act]: given }))
    const at = room(said.length)
    if (at === 0) throw new Refused({ message: 'this is longer than anything that can be looked at', faults: [] })
    // The memory may have grown, so each view of it is made anew.
    new Uint8Array(memory.buffer, at, said.length).set(said)
    const length = call()
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, answer_at(), length)))
    if (answer.failed !== undefined) throw new Refused(answer.failed)
    return answer.done
  }
}

async function bytes(): Promise<BufferSource> {
  if ('url' in __WASM__) {
    const answer = await fetch(__WASM__.url)
    if (!answer.ok) throw new Error(`the issuer answers ${answer.status} for the verifier's core`)
    return answer.arrayBuffer()
  }
  return Uint8Array.from(atob(__WASM__.base64), (character) => character.charCodeAt(0))
}

export async function loadCore(): Promise<Core> {
  const { instance } = await WebAssembly.instantiate(await bytes(), {})
  return new Core(instance.exports as unknown as Exports)
}

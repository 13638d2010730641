// What was given, and what the core says to it. Everything that is shown is made of this.
import type { Apart, Decided, Preview, TrustTold } from './acts'
import { type Core, Refused } from './core'
import { clock } from './time'

export interface Given {
  token: string
  trust: string
  issuer: string
  audience: string
  /** A time given by hand; without one it is now. */
  at: number | undefined
  /** The request's JSON; empty where none is tried. */
  request: string
}

export interface Looked {
  now: number
  apart: Apart | undefined
  trust: TrustTold | undefined
  /** Why what was given to trust is not. */
  distrust: string | undefined
  decided: Decided | undefined
  /** What the grants say to the request where nobody has verified them. */
  preview: Preview | undefined
}

export const nothing = (): Given => ({ token: '', trust: '', issuer: '', audience: '', at: undefined, request: '' })

/** What is pasted often has a line end, or the word that stands before it in a header. */
export function bareToken(text: string): string {
  return text.trim().replace(/^(authorization:\s*)?bearer\s+/i, '')
}

export function look(core: Core, given: Given): Looked {
  const now = given.at ?? clock()
  const looked: Looked = { now, apart: undefined, trust: undefined, distrust: undefined, decided: undefined, preview: undefined }
  const token = bareToken(given.token)
  const issuer = given.issuer.trim()
  const trust = { trust: given.trust, ...(issuer !== '' && { issuer }) }
  if (given.trust.trim() !== '') {
    try {
      looked.trust = core.ask('trust', { ...trust, now })
    } catch (error) {
      looked.distrust = said(error)
    }
  }
  if (token === '') return looked
  looked.apart = core.ask('takeApart', { token, now })
  const request = given.request.trim()
  if (looked.trust !== undefined) {
    const audience = given.audience.trim()
    looked.decided = core.ask('decide', {
      ...trust,
      token,
      now,
      byHand: given.at !== undefined,
      ...(audience !== '' && { audience }),
      ...(request !== '' && { request }),
    })
  }
  if (looked.decided === undefined && looked.apart.passport !== null && request !== '') {
    looked.preview = core.ask('explain', { token, request, now })
  }
  return looked
}

/** A refusal in words. Anything else is a fault of this page, and is not hidden. */
export function said(error: unknown): string {
  if (error instanceof Refused) return error.message
  throw error
}

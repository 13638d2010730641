import { keepCsrf } from './client'
import { Problem, problemOf } from './problem'

/** Who is signed in, and what the session's grants allow now. */
export interface Session {
  agentId: string
  name: string
  passportId: string
  expiresAt: string
  csrf: string
  issuer: string
  version: string
  may: string[]
}

const PATH = '/console/session'

async function read(response: Response): Promise<Session> {
  const text = await response.text()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Problem(response.status, 'unreadable', 'the issuer’s answer about the session cannot be read')
  }
  if (!response.ok) throw problemOf(response.status, value)
  const session = value as Session
  keepCsrf(session.csrf)
  return session
}

/** The session that the browser's cookie stands for; `null` where there is none. */
export async function present(): Promise<Session | null> {
  const response = await fetch(PATH, { credentials: 'same-origin', headers: { accept: 'application/json' } })
  return response.status === 401 ? null : read(response)
}

export async function open(proof: { passport: string } | { link: string }): Promise<Session> {
  const response = await fetch(PATH, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(proof),
  })
  return read(response)
}

export async function close(session: Session): Promise<void> {
  const response = await fetch(PATH, {
    method: 'DELETE',
    credentials: 'same-origin',
    headers: { 'X-CSRF-Token': session.csrf },
  })
  if (!response.ok && response.status !== 401) throw problemOf(response.status, await response.json().catch(() => null))
  keepCsrf(undefined)
}

/** The code of a one-time link, taken out of the address so that it stays in no history. */
export function takeLink(): string | undefined {
  const code = new URLSearchParams(window.location.hash.slice(1)).get('link')
  if (code === null) return undefined
  window.history.replaceState(null, '', window.location.pathname + window.location.search)
  return code
}

import createClient from 'openapi-fetch'
import { problemOf } from './problem'
import type { components, paths } from './schema'

/** The issuer's API, with the types of its own OpenAPI document. The session is a cookie that scripts cannot read. */
export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' })

export type Schemas = components['schemas']
export type Agent = Schemas['Agent']
export type Approval = Schemas['Approval']
export type Key = Schemas['Key']
export type Passport = Schemas['Passport']
export type Template = Schemas['Template']

let csrf: string | undefined
let onSessionOver: () => void = () => {}

export function keepCsrf(token: string | undefined): void {
  csrf = token
}

/** Called when the issuer says that the session is not good any more. */
export function whenSessionIsOver(callback: () => void): void {
  onSessionOver = callback
}

export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

api.use({
  onRequest({ request }) {
    if (!isSafe(request.method) && csrf !== undefined) request.headers.set('X-CSRF-Token', csrf)
    return request
  },
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The body of an answer, or its problem thrown. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call
  if (response.ok) return data as T
  if (response.status === 401) onSessionOver()
  throw problemOf(response.status, error)
}

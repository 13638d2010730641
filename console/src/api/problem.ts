/** What the issuer answers when it does not do what it was asked: `application/problem+json`. */
export interface Fault {
  pointer: string
  detail: string
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly faults: readonly Fault[]

  constructor(status: number, code: string, detail: string, faults: readonly Fault[] = []) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.faults = faults
  }
}

/** Reads whatever a failed call gave; what is no problem document becomes one. */
export function problemOf(status: number, body: unknown): Problem {
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body) {
    const faults = 'errors' in body && Array.isArray(body.errors) ? (body.errors as Fault[]) : []
    return new Problem(status, String(body.code), String(body.detail), faults)
  }
  return new Problem(status, 'unreadable', `the issuer answered ${status} with a body that is no problem document`)
}

/** What to do about it, where the message itself cannot say. */
export function nextStep(problem: Problem): string | undefined {
  if (problem.status === 0) return 'Check that the issuer is running and that this machine reaches it, then try again.'
  if (problem.status === 401) return 'Sign in again with a passport that is live.'
  if (problem.status === 403 && problem.code !== 'not_held')
    return 'Your passport does not allow this. Ask an admin, or sign in with another passport.'
  if (problem.status === 429) return 'Wait a moment, then try again.'
  if (problem.status >= 500)
    return 'Try again. If it stays so, `passport doctor` on the issuer’s machine says what is wrong.'
  return undefined
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof TypeError) return new Problem(0, 'unreachable', 'the issuer does not answer')
  return new Problem(
    0,
    'unexpected',
    error instanceof Error ? error.message : 'something went wrong in the console itself',
  )
}

import type { Schemas } from '../../api/client'
import type { Grant } from '../../lib/describe'

/** The bound that every issuer keeps to (docs/format.md F1.10). */
export const MOST_BYTES = 8_192

const base64 = (bytes: number) => Math.ceil((bytes * 4) / 3)
const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length

/** The claims as they would be signed. What is known only once it is signed has its length here: id, key and place in a status list. */
export function claimsOf(
  order: Schemas['IssuePassport'],
  grants: readonly Grant[],
  issuer: string,
  audience: readonly string[],
  now: number,
) {
  return {
    iss: issuer,
    sub: order.agentId,
    aud: audience,
    iat: now,
    exp: now + (order.expiresIn ?? 0),
    jti: `pp_${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}`,
    authorization_details: grants,
    status: { status_list: { idx: 12_345, uri: `${issuer}/v1/status/0` } },
    ...(order.onBehalfOf ? { onBehalfOf: order.onBehalfOf } : {}),
  }
}

/** How many bytes the token would have, to within a few. */
export function sizeOf(claims: object): number {
  const header = bytesOf({ alg: 'EdDSA', typ: 'passport+jwt', kid: 'k'.repeat(43) })
  return base64(header) + 1 + base64(bytesOf(claims)) + 1 + base64(64)
}

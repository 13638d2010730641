import type { OutcomeName } from './counts'

export const outcomeWords: Record<OutcomeName, string> = {
  allow: 'allowed',
  approval_required: 'asked',
  deny: 'denied',
}

/** What a reason code means to a person. A code that is not here is shown as it stands. */
const reasons: Record<string, string> = {
  granted: 'a grant allows it',
  approval_required: 'a person has to approve it first',
  approval_invalid: 'the approval given does not hold',
  clock_untrusted: 'the service’s clock went back',
  malformed_token: 'no sound passport',
  unsupported_token: 'a token of another kind',
  keys_unavailable: 'the service has no fresh keys',
  unknown_key: 'signed by a key that is not known',
  key_revoked: 'signed by a key that was revoked',
  bad_signature: 'the signature does not hold',
  wrong_issuer: 'from another issuer',
  wrong_audience: 'made for another service',
  not_yet_valid: 'not valid yet',
  expired: 'the passport has expired',
  status_unavailable: 'the service does not know what was revoked',
  revoked: 'the passport was revoked',
  invalid_request: 'the request is not well formed',
  agent_mismatch: 'asked in another agent’s name',
  proof_required: 'a proof of the key is missing',
  proof_invalid: 'the proof of the key does not hold',
  action_blocked: 'a grant blocks the action',
  unsupported_grant: 'a grant that the service does not understand',
  grant_expired: 'the grant has expired',
  action_not_granted: 'no grant allows the action there',
  resource_not_granted: 'no grant covers the resource',
  constraint_unmet: 'outside a grant’s limits',
  audit_unavailable: 'it could not be recorded',
  internal_error: 'a failure in the service itself',
}

export function reasonInWords(code: string): string {
  return reasons[code] ?? code
}

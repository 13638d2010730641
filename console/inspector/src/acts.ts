// What can be asked of the core, and what it answers: console/core/src, one file an act. Times are seconds since 1970.

export interface Acts {
  takeApart: { given: { token: string; now: number }; done: Apart }
  trust: { given: TrustGiven & { now: number }; done: TrustTold }
  decide: { given: DecideGiven; done: Decided }
  explain: { given: { token?: string; grants?: string; request: string; now: number }; done: Preview }
  describe: { given: { grants: string; now: number }; done: GrantInWords[] }
  prove: { given: { proof: string; key: string }; done: Proven }
}

export interface TrustGiven {
  trust: string
  issuer?: string
}

export interface DecideGiven extends TrustGiven {
  token: string
  audience?: string
  now: number
  byHand?: boolean
  request?: string
  requireResource?: boolean
}

export interface Apart {
  bytes: number
  maxBytes: number
  parts: { bytes: number; text: string | null }[]
  kind: string | null
  keyId: string | null
  passport: Claims | null
  problem: string | null
}

export interface Claims {
  passportId: string
  agentId: string
  issuer: string
  audience: string[]
  issuedAt: number
  notBefore: number | null
  expiresAt: number
  untimely: { reason: string; message: string } | null
  onBehalfOf: string | null
  needsProof: boolean
  status: { idx: number; uri: string } | null
  grants: GrantInWords[]
  /** What it keeps from the audit log, in sentences. */
  hides: string[]
  prompt: string
}

export interface GrantInWords {
  grant: number
  json: Grant
  understood: boolean
  live: boolean
  may: string | null
  mustNot: string | null
}

export interface Grant {
  resource: string
  allowedActions: string[]
  blockedActions?: string[]
  requiresApproval?: boolean
  approvers?: number
  expiresAt?: string
  constraints?: Record<string, Record<string, unknown>>
}

export interface TrustTold {
  issuer: string
  keyIds: string[]
  bundle: {
    signedBy: string
    sequence: number
    issuedAt: number
    expiresAt: number
    expired: boolean
    revokedKeys: string[]
    statusLists: number
  } | null
}

export type OutcomeName = 'allow' | 'deny' | 'approval_required'

export interface Unmet {
  grant: number
  attribute: string
  operator: string | null
  expected: unknown
  actual: unknown
  message: string
}

export interface Explained {
  grant: number
  says: 'blocks' | 'allows' | 'needs_approval' | 'constraint_unmet' | 'not_understood' | 'ended' | 'other_action' | 'other_resource'
  message: string
  unmet: Unmet[]
}

export interface Decided {
  trust: TrustTold
  audience: string | null
  audienceGiven: boolean
  verified: boolean
  signatureHolds: boolean
  reason: string
  message: string
  steps: { step: number; checked: string; came: 'passed' | 'failed' | 'not_reached' | 'not_looked_at' }[]
  decision: { outcome: OutcomeName; reason: string; message: string; grant: number | null } | null
  httpStatus: number | null
  grants: Explained[]
}

export interface Preview {
  allowed: boolean
  outcome: OutcomeName
  reason: string
  message: string
  grant: number | null
  grants: Explained[]
}

export type Proven = { proved: false; message: string } | ({ proved: true; message: null } & ProvenFacts)

export interface ProvenFacts {
  origin: string
  index: number
  size: number
  eventId: string
  kind: string
  reporter: string
  requestId: string
  receivedAt: number
  evaluatedAt: number | null
  agentId: string | null
  passportId: string | null
  outcome: string | null
  reason: string | null
  action: string | null
  resource: string | null
  conflict: boolean
  body: string | null
}

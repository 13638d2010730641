/** An event of the audit log: the envelope, and beside it what was reported or changed. */
export interface AuditEvent {
  eventId: string
  sequence: number
  kind: string
  reporter: string
  receivedAt: string
  conflict: boolean
  bodyDropped?: boolean
  bodySha256?: string | null
  requestId?: string
  seq?: number
  outcome?: string
  reason?: string
  message?: string
  details?: Detail[]
  agentId?: string | null
  passportId?: string | null
  keyId?: string | null
  issuer?: string | null
  grant?: number | null
  action?: string | null
  resource?: string | null
  attributes?: Record<string, unknown>
  evaluatedAt?: string | null
  trustSequence?: number
  engine?: string
  approvalId?: string
  gap?: { count: number; from: string | null; to: string | null; why: string }
  change?: { type: string } & Record<string, unknown>
}

/** A clause of a grant that did not hold. */
export interface Detail {
  grant: number
  attribute: string
  operator: string | null
  expected: unknown
  actual: unknown
}

type Change = { type: string } & Record<string, unknown>

const text = (value: unknown) => (typeof value === 'string' ? value : String(value ?? ''))
const brief = (value: unknown) => {
  const whole = text(value)
  return whole.length <= 24 ? whole : `${whole.slice(0, 11)}…${whole.slice(-6)}`
}
const many = (value: unknown, one: string) => `${text(value)} ${value === 1 ? one : `${one}s`}`

/** What each change of the log is called. One that is not here is told by its own name, so that a newer issuer's still show. */
const words: Record<string, (change: Change) => string> = {
  keys_created: () => 'The first keys were made',
  log_key_created: () => 'The log’s key was made',
  agent_created: (change) => `Agent ${text(change.agentId)} was created`,
  agent_disabled: (change) => `Agent ${text(change.agentId)} was disabled`,
  agent_enabled: (change) => `Agent ${text(change.agentId)} was enabled`,
  passport_issued: (change) => `A passport was issued to ${text(change.agentId)}`,
  passport_renewed: (change) => `A passport of ${text(change.agentId)} was renewed`,
  passport_revoked: (change) => `Passport ${brief(change.passportId)} was revoked`,
  passports_revoked: (change) => `${many(change.revoked, 'passport')} revoked at once`,
  keys_rotated: () => 'Keys were rotated',
  key_revoked: (change) => `Key ${brief(change.keyId)} was revoked`,
  template_created: (change) => `Template ${text(change.template)} was created`,
  template_changed: (change) => `Template ${text(change.template)} was changed`,
  template_deleted: (change) => `Template ${text(change.template)} was deleted`,
  approval_asked: (change) => `${text(change.agentId)} asked for an approval`,
  approval_granted: (change) => `Approval ${brief(change.approvalId)} was given`,
  approval_denied: (change) => `Approval ${brief(change.approvalId)} was denied`,
  chain_broken: (change) => `What ${text(change.reporter)} reports does not follow`,
  decisions_differ: (change) => `${many(change.found, 'decision')} found to differ`,
  bodies_dropped: (change) => `${many(change.bodies, 'old body')} dropped by age`,
  console_signed_in: () => 'Somebody signed in to the console',
  log_held: () => 'The log is held',
  log_resumed: () => 'The log goes on',
  webhook_created: (change) => `A webhook to ${text(change.host)} was created`,
  webhook_deleted: (change) => `Webhook ${brief(change.webhookId)} was deleted`,
  webhook_disabled: (change) => `Webhook ${brief(change.webhookId)} was disabled`,
  webhook_enabled: (change) => `Webhook ${brief(change.webhookId)} was enabled`,
  webhook_replayed: (change) => `Webhook ${brief(change.webhookId)} sends again`,
  webhook_deliveries_given_up: (change) => `${many(change.count, 'message')} to a webhook given up`,
  webhook_secret_rotated: (change) => `Webhook ${brief(change.webhookId)} has another secret`,
}

export function changeInWords(change: Change): string {
  const known = words[change.type]?.(change)
  if (known !== undefined) return known
  const own = change.type.replaceAll('_', ' ')
  return own.charAt(0).toUpperCase() + own.slice(1)
}

import type { Schemas } from '../../api/client'

/** What a webhook's events can be narrowed by: all that the API takes. Each must be met to the letter. */
export const filters = [
  { name: 'agentId', label: 'of the agent', example: 'agent_ollie' },
  { name: 'passportId', label: 'on the passport', example: 'pp_…' },
  { name: 'reporter', label: 'reported by', example: 'shop' },
  { name: 'action', label: 'of the action', example: 'purchase' },
  { name: 'resource', label: 'on the resource', example: 'commerce' },
] as const satisfies readonly { name: keyof Schemas['WebhookFilter']; label: string; example: string }[]

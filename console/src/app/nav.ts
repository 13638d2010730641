import type { IconName } from '../ui/icon'

export interface Destination {
  to: string
  name: string
  icon: IconName
  /** The permission without which it is not shown; any of several. */
  needs: string[]
}

export const destinations: readonly Destination[] = [
  { to: '/', name: 'Overview', icon: 'overview', needs: [] },
  { to: '/agents', name: 'Agents', icon: 'agents', needs: ['agents.read'] },
  { to: '/passports', name: 'Passports', icon: 'passports', needs: ['passports.read'] },
  { to: '/issue', name: 'Issue', icon: 'issue', needs: ['passports.issue'] },
  { to: '/templates', name: 'Templates', icon: 'templates', needs: ['templates.read'] },
  { to: '/approvals', name: 'Approvals', icon: 'approvals', needs: ['approvals.read'] },
  { to: '/audit', name: 'Audit', icon: 'audit', needs: ['audit.read'] },
  { to: '/keys', name: 'Keys', icon: 'keys', needs: ['keys.read'] },
  { to: '/webhooks', name: 'Webhooks', icon: 'webhooks', needs: ['webhooks.read'] },
]

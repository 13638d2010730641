import { type ConstraintDraft, type Draft, type GrantDraft, nextKey } from './draft'

/** A starting point: a form filled in, to be changed. Nothing of it is known to the issuer. */
export interface Start {
  id: string
  name: string
  about: string
  /** `issuer` stands for the issuer's own URL. */
  audience: string
  life: number
  unit: Draft['unit']
  grants: GrantDraft[]
}

type Seed = Partial<Omit<GrantDraft, 'constraints' | 'key'>> & { constraints?: Omit<ConstraintDraft, 'key'>[] }

export function grantDraft({ constraints = [], ...rest }: Seed = {}): GrantDraft {
  return {
    key: nextKey(),
    resource: '',
    allowed: '',
    blocked: '',
    requiresApproval: false,
    approvers: 1,
    kept: 'nothing',
    keptNames: '',
    ...rest,
    constraints: constraints.map((constraint) => ({ ...constraint, key: nextKey() })),
  }
}

export function starts(): Start[] {
  return [
    {
      id: 'shop',
      name: 'Buy within a budget',
      about: 'Looks around freely, buys up to an amount, and never refunds.',
      audience: 'https://shop.example',
      life: 8,
      unit: 'hours',
      grants: [
        grantDraft({
          resource: 'commerce',
          allowed: 'browse, purchase',
          blocked: 'refund',
          constraints: [
            { attribute: 'amount', operator: 'max', value: '100.00' },
            { attribute: 'currency', operator: 'equals', value: 'EUR' },
          ],
        }),
      ],
    },
    {
      id: 'ask',
      name: 'Read, and ask before writing',
      about: 'Reads by itself; for each change a person is asked first.',
      audience: 'https://files.example',
      life: 8,
      unit: 'hours',
      grants: [
        grantDraft({ resource: 'drive/**', allowed: 'read, list' }),
        grantDraft({ resource: 'drive/**', allowed: 'write, share', blocked: 'delete', requiresApproval: true }),
      ],
    },
    {
      id: 'read',
      name: 'Read only',
      about: 'Looks, and changes nothing.',
      audience: 'https://files.example',
      life: 30,
      unit: 'days',
      grants: [grantDraft({ resource: 'reports/**', allowed: 'read, list' })],
    },
    {
      id: 'reporter',
      name: 'A service that reports',
      about: 'For a service’s verifier: it may write its decisions to this issuer’s audit log, and nothing else.',
      audience: 'issuer',
      life: 60,
      unit: 'days',
      grants: [grantDraft({ resource: 'issuer/audit', allowed: 'audit.write' })],
    },
    {
      id: 'approver',
      name: 'A person who approves',
      about: 'Signs in to this console and decides on what agents ask for.',
      audience: 'issuer',
      life: 30,
      unit: 'days',
      grants: [grantDraft({ resource: 'issuer/approvals', allowed: 'approvals.*' })],
    },
    {
      id: 'blank',
      name: 'Nothing filled in',
      about: 'Write the grants yourself.',
      audience: '',
      life: 1,
      unit: 'hours',
      grants: [grantDraft()],
    },
  ]
}

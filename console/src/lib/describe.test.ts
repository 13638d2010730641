import { expect, test } from 'vitest'
import { describe } from './describe'

test('a grant is told in words', () => {
  expect(
    describe([
      {
        resource: 'travel/flights',
        allowedActions: ['book', 'hold'],
        blockedActions: ['cancel'],
        requiresApproval: true,
        expiresAt: '2027-01-01T00:00:00Z',
        constraints: { amount: { min: 1, max: '1500.00' }, vendor: { oneOf: ['a', 'b'] }, ticket: {} },
      },
      { resource: 'drive', allowedActions: [], blockedActions: ['*'] },
    ]),
  ).toEqual([
    'May `book` or `hold` on `travel/flights`, with `amount` at least 1 and at most 1500.00, `vendor` one of `a`, `b`, `ticket` given, until 2027-01-01T00:00:00Z, once a person has approved it',
    'Must never `cancel` on `travel/flights`',
    'Must never anything on `drive`',
  ])
})

test('an operator that is not known is shown and never left out', () => {
  expect(describe([{ resource: 'x', allowedActions: ['y'], constraints: { z: { newer: 1 } } }])[0]).toContain('newer 1')
})

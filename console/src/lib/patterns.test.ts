import { expect, test } from 'vitest'
import { covers, matches, saidTo } from './patterns'

test('a resource pattern covers what the format says and nothing beside it', () => {
  expect(covers('drive/*', 'drive/q3')).toBe(true)
  expect(covers('drive/*', 'drive/q3/x')).toBe(false)
  expect(covers('drive/**', 'drive/q3/x')).toBe(true)
  expect(covers('drive/**', 'drive')).toBe(true)
  expect(covers('commerce', 'commerce2')).toBe(false)
  expect(covers('**', 'anything/at/all')).toBe(true)
})

test('an action pattern is a name or a prefix', () => {
  expect(matches('calendar.*', 'calendar.read')).toBe(true)
  expect(matches('calendar.*', 'calendar')).toBe(false)
  expect(matches('read', 'reader')).toBe(false)
  expect(matches('*', 'read')).toBe(true)
})

test('each grant is told by what it said', () => {
  const asked = {
    action: 'buy',
    resource: 'shop',
    evaluatedAt: '2026-11-26T00:00:00Z',
    details: [{ grant: 1 }],
    grant: null,
  }
  expect(saidTo({ resource: 'drive', allowedActions: ['buy'] }, 0, asked)).toBe('other-resource')
  expect(saidTo({ resource: 'shop', allowedActions: ['buy'] }, 1, asked)).toBe('unmet')
  expect(saidTo({ resource: 'shop', allowedActions: ['look'] }, 2, asked)).toBe('other-action')
  expect(saidTo({ resource: 'shop', allowedActions: ['*'], blockedActions: ['buy'] }, 3, asked)).toBe('blocks')
  expect(saidTo({ resource: 'shop', allowedActions: ['buy'], expiresAt: '2026-11-25T00:00:00Z' }, 4, asked)).toBe(
    'ended',
  )
  expect(saidTo({ resource: 'shop', allowedActions: ['buy'] }, 5, { ...asked, grant: 5 })).toBe('decided')
})

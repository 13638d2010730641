import { expect, test } from 'vitest'
import { members, pretty, wrongWith } from './json'

const grants =
  '[{"resource":"cards/$1","allowedActions":["charge"],"constraints":{"amount":{"max":12345678901234567890.10},"note":{"equals":"a, \\"b\\": {c}"}}}]'

test('what is written for people says the same to the digit', () => {
  const text = pretty(grants)
  expect(text).toContain('"max": 12345678901234567890.10')
  expect(text).toContain('"a, \\"b\\": {c}"')
  expect(text.split('\n').length).toBeGreaterThan(3)
  expect(pretty(text)).toBe(text)
  expect(JSON.parse(text)).toEqual(JSON.parse(grants))
  expect(pretty('[]')).toBe('[]')
})

test('the members of an object are taken out as they stand there', () => {
  const found = members(`{ "name": "a:b", "grants": ${grants}, "parameters": {}, "expiresIn": null }`)
  expect(Object.keys(found)).toEqual(['name', 'grants', 'parameters', 'expiresIn'])
  expect(found.grants).toBe(grants)
  expect([found.name, found.parameters, found.expiresIn]).toEqual(['"a:b"', '{}', 'null'])
  expect(members('{}')).toEqual({})
})

test('a mistake is found in its line', () => {
  expect(wrongWith('{"a": 1}')).toBeUndefined()
  expect(wrongWith('{\n "a": 1,\n}')).toMatch(/line 3|not JSON/)
  expect(wrongWith('')).toMatch(/not JSON/)
})

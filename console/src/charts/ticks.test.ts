import { expect, test } from 'vitest'
import { shortDay } from '../lib/time'
import { daysBetween, ticksOf } from './ticks'

test('no day is named twice, and one that is cut off is not named', () => {
  const week = ['19', '20', '20', '20', '20', '21', '21', '21', '21', '22', '22']
  expect(ticksOf(week, 1)).toEqual([1, 5, 9])
  expect(ticksOf(week, 5)).toEqual([1, 9])
  expect(ticksOf(['1', '2', '3', '4', '5'], 2)).toEqual([0, 2, 4])
  expect(ticksOf(['1', '1'], 1)).toEqual([0])
  expect(ticksOf([], 1)).toEqual([])
})

test('a time line has each day once, however short or long it is', () => {
  for (const days of [1, 2, 5, 90, 400]) {
    const from = 1_795_000_000
    const found = daysBetween(from, from + days * 86_400, 6)
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThanOrEqual(6)
    const names = found.map((at) => shortDay(at * 1000))
    expect(new Set(names).size).toBe(names.length)
  }
})

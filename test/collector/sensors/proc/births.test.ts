/**
 * Guarantees: a counter is treated as new only if it was never seen and its count is possible since the last round; in
 * doubt it is old.
 */
import { describe, expect, test } from 'vitest'
import { births } from '../../../../collector/sensors/proc/births.ts'

describe('births', () => {
  test('nothing is new in the first round, or without an age', () => {
    const born = births()
    born.begin(undefined)
    expect(born.isNew('1', 0n)).toBe(false)
    born.begin(100n)
    expect([born.isNew('', 0n), born.isNew('1', 0n), born.isNew('2', 100n)]).toEqual([false, false, true])
  })

  test('a process missed for a round is not new when it is seen again', () => {
    const born = births()
    born.begin(undefined)
    born.isNew('1', 5n)
    born.see('holder')
    for (let round = 0; round < 3; round++) born.begin(100n)
    expect([born.isNew('1', 5n), born.isNew('holder', 5n)]).toEqual([false, false])
  })

  test('a process that counts more than possible is old, now and later', () => {
    const born = births()
    born.begin(100n)
    expect(born.isNew('1', 101n)).toBe(false)
    born.begin(1000n)
    expect(born.isNew('1', 102n)).toBe(false)
  })

  test('memory is limited: after starting over, everything counts as old once', () => {
    const born = births(2)
    for (const life of ['1', '2', '3']) {
      born.begin(100n)
      expect(born.isNew(life, 1n)).toBe(true)
    }
    born.begin(100n)
    expect([born.isNew('1', 1n), born.isNew('4', 1n)]).toEqual([false, false])
    born.begin(100n)
    expect([born.isNew('4', 1n), born.isNew('5', 1n)]).toEqual([false, true])
  })
})

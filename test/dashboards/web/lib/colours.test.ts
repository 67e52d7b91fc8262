/** Guarantees that a workload keeps its colour and that no two share one while there are enough. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { assignColours, PALETTE_SIZE } from '../../../../dashboards/web/lib/colours.ts'

const names = (most: number) => fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: most })

it('gives each name its own colour while there are enough', () => {
  fc.assert(
    fc.property(names(PALETTE_SIZE), keys => {
      const colours = [...assignColours(new Map(), keys).values()]
      expect(new Set(colours).size).toBe(keys.length)
      expect(colours.every(colour => colour >= 0 && colour < PALETTE_SIZE)).toBe(true)
    }),
  )
})

it('keeps every assigned colour, for any names in any order', () => {
  fc.assert(
    fc.property(names(8), names(4), (keys, more) => {
      const before = assignColours(new Map(), keys)
      const after = assignColours(
        before,
        [...more, ...keys].filter((key, at, all) => all.indexOf(key) === at),
      )
      for (const key of keys) expect(after.get(key)).toBe(before.get(key))
    }),
  )
})

it('is the same on every page: the name alone decides when no colour is taken', () => {
  expect(assignColours(new Map(), ['unit//nginx'])).toEqual(assignColours(new Map(), ['unit//nginx']))
  const many = assignColours(
    new Map(),
    Array.from({ length: 30 }, (_, at) => `w${at}`),
  )
  expect(many.size).toBe(30)
})

// Guarantees: numbers become the text that Kubernetes itself writes, and read back as the same number, or the next billionth above.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quantityOf } from '../../../../query/scaling/kubernetes/quantity.ts'

it.each([
  [0, '0'],
  [-0, '0'],
  [6, '6'],
  [322, '322'],
  [1.5, '1500m'],
  [3.5, '3500m'],
  [2_000, '2k'],
  [1_500, '1500'],
  [123_456, '123456'],
  [5_000_000, '5M'],
  [0.1, '100m'],
  [0.000_25, '250u'],
  [4.35, '4350m'],
  [1e-9, '1n'],
  [1e-12, '1n'],
  [1.234_567_890_1, '1234567891n'],
  [-2.5, '-2500m'],
  [1e21, '1000E'],
  [123_456_789_012.345, '123456789012345m'],
  [5e-324, '1n'],
])('%d is %s', (value, text) => {
  expect(quantityOf(value)).toBe(text)
})

const EXPONENTS = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const readQuantity = (text: string): number => {
  const [, digits = '', suffix = ''] = /^(-?\d+)([a-zA-Z]?)$/.exec(text) ?? []
  return Number(`${digits}e${3 * EXPONENTS.indexOf(suffix) - 9}`)
}

it('keeps every number to the billionth, and is canonical', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e15, noNaN: true }), value => {
      const text = quantityOf(value)
      expect(readQuantity(text)).toBeGreaterThanOrEqual(value)
      expect(readQuantity(text) - value).toBeLessThanOrEqual(1e-9 + value * 1e-15)
      if (text !== '0') expect(text.replace(/\D/g, '')).not.toMatch(/000$/)
    }),
    { seed: 3, numRuns: 2_000 },
  )
})

it.each([NaN, Infinity, -Infinity])('refuses %d', value => {
  expect(() => quantityOf(value)).toThrow(RangeError)
})

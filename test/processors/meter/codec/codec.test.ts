/** Guarantees: what is written is what is read, for integers and texts of any size. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader, ByteWriter } from '../../../../processors/meter/codec/bytes.ts'

const item = fc.oneof(
  fc.record({ kind: fc.constant('int' as const), value: fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }) }),
  fc.record({ kind: fc.constant('int' as const), value: fc.bigInt({ min: -300n, max: 300n }) }),
  fc.record({ kind: fc.constant('uint' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
  fc.record({
    kind: fc.constant('text' as const),
    value: fc.constantFrom('', 'a', 'ünï', 'x'.repeat(20_000)),
  }),
)

test('integers and texts come back in order', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), items => {
      const to = new ByteWriter()
      for (const { kind, value } of items) {
        if (kind === 'int') to.int(value)
        else if (kind === 'uint') to.uint(value)
        else to.text(value)
      }
      const from = new ByteReader(to.finish())
      const read = items.map(({ kind }) =>
        kind === 'int' ? from.int() : kind === 'uint' ? from.uint() : from.text(),
      )
      expect(read).toEqual(items.map(({ value }) => value))
      expect(from.atEnd).toBe(true)
    }),
  )
})

test.each([2n ** 51n - 1n, 2n ** 51n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 51n), -(2n ** 63n), -1n, 0n])(
  '%s',
  value => {
    const to = new ByteWriter()
    to.int(value)
    expect(new ByteReader(to.finish()).int()).toBe(value)
  },
)

test('bytes that end too early or name an unknown text are refused', () => {
  expect(() => new ByteReader(Uint8Array.of(0x80)).uint()).toThrow(RangeError)
  expect(() => new ByteReader(Uint8Array.of(0x00, 0x05, 0x41)).text()).toThrow(RangeError)
  expect(() => new ByteReader(Uint8Array.of(0x03)).text()).toThrow(RangeError)
})

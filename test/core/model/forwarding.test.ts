// Guarantees: a manifest says exactly which records of a log a request carries, survives transport as text, and nothing
// else is accepted as one; streams of another shape have another schema id.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manifestText, parseManifest, schemaId } from '../../../core/model/forwarding.ts'
import { FORWARDED_STREAMS, TIME_COLUMN } from '../../../core/model/streams/forwarded.ts'

const records = fc
  .record({
    first: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    entries: fc.array(
      fc.record({
        gap: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 1_000n })),
        rows: fc.nat(40_000),
        checksum: fc.nat(0xffffffff),
      }),
      { minLength: 1, maxLength: 128 },
    ),
  })
  .map(({ first, entries }) => {
    let next = first
    return entries.map(({ gap, rows, checksum }) => {
      const offset = next + gap
      next = offset + 1n
      return { offset, rows, checksum }
    })
  })

test('what is written is read back', () => {
  fc.assert(
    fc.property(records, written => {
      const text = manifestText(written)
      expect(parseManifest(text)).toEqual(written)
      // The receiver limits headers to 16 KiB.
      expect(text.length).toBeLessThan(6_000)
    }),
  )
  const three = [17_230n, 17_231n, 17_240n].map((offset, at) => ({ offset, rows: at + 5, checksum: at + 1 }))
  expect(manifestText(three)).toBe('17230:5.00000001,6.00000002,17240:7.00000003')
})

test.each([
  ['nothing', ''],
  ['a first record without its offset', '5.00000001'],
  ['offsets that fall', '7:5.00000001,6:5.00000001'],
  ['an offset twice', '7:5.00000001,7:5.00000001'],
  ['no checksum', '7:5'],
  ['an offset beyond 64 bits', '9223372036854775808:1.00000001'],
  ['negative rows', '7:-5.00000001'],
  ['too many records', `0:1.00000001${',1.00000001'.repeat(128)}`],
])('%s is not a manifest', (_what, text) => {
  expect(parseManifest(text)).toBeNull()
})

test('each stream has its own schema id, determined by its columns', () => {
  const ids = FORWARDED_STREAMS.map(schemaId)
  expect(new Set(ids).size).toBe(FORWARDED_STREAMS.length)
  const [stream] = FORWARDED_STREAMS
  expect(schemaId({ ...stream!, columns: stream!.columns.slice(1) })).not.toBe(ids[0])
  for (const { name, columns } of FORWARDED_STREAMS) {
    expect(columns.find(column => column.name === TIME_COLUMN[name])?.kind).toBe('timestampNs')
  }
})

/** Guarantees: a record is read byte for byte as written; any flipped bit or missing piece is detected. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RECORD_CORRUPT } from '../../../core/broker/broker.ts'
import { recordKey } from '../../../core/broker/embedded/keys.ts'
import {
  CHUNK_BYTES,
  decodeHead,
  encodeRecord,
  readStoredRecord,
  storedBytes,
} from '../../../core/broker/embedded/record.ts'

const place = { streamId: 3, partition: 7 }

const stored = (offset: bigint, record: Parameters<typeof encodeRecord>[2]) =>
  new Map(
    encodeRecord(place, offset, record).map(({ key, value }) => [Buffer.from(key).toString('hex'), value!]),
  )
const getter = (entries: Map<string, Uint8Array>) => (key: Uint8Array) =>
  entries.get(Buffer.from(key).toString('hex'))

const values = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc
    .tuple(fc.nat(3 * CHUNK_BYTES), fc.nat(255))
    .map(([length, seed]) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 255)),
  fc.constantFrom(0, 1024, 1025, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES).map(n => new Uint8Array(n)),
)
const records = fc.record({
  value: values,
  headers: fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), fc.string()),
  timestampMs: fc.nat(),
})

test('what is read is what was written', () => {
  fc.assert(
    fc.property(records, fc.bigInt(0n, 1n << 62n), (record, offset) => {
      const back = readStoredRecord(getter(stored(offset, record)), place, offset)
      expect(Buffer.compare(back.value, record.value)).toBe(0)
      expect({ ...back.headers }).toEqual({ ...record.headers })
      expect(back).toMatchObject({ offset, timestampMs: record.timestampMs })
    }),
    { numRuns: 60 },
  )
})

test('one flipped bit anywhere in a stored record is detected', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(), fc.nat(7), (record, entryPick, bytePick, bit) => {
      const entries = stored(5n, record)
      const [key, value] = [...entries][entryPick % entries.size]!
      const spoilt = Buffer.from(value)
      // Bytes 1 to 3 of a head are unused.
      const at = bytePick % spoilt.length
      fc.pre(!(key === [...entries.keys()][0] && at >= 1 && at <= 3))
      spoilt[at] = spoilt[at]! ^ (1 << bit)
      entries.set(key, spoilt)
      expect(readStoredRecord(getter(entries), place, 5n).headers[RECORD_CORRUPT]).toBeTypeOf('string')
    }),
    { numRuns: 200 },
  )
})

test('a missing head or chunk, and a record under the wrong offset, are detected', () => {
  const record = { value: new Uint8Array(3 * CHUNK_BYTES).fill(1), timestampMs: 9 }
  const entries = stored(1n, record)
  entries.delete(recordKey(place, 1n, 2).toString('hex'))
  const short = readStoredRecord(getter(entries), place, 1n)
  expect(short).toMatchObject({
    offset: 1n,
    timestampMs: 9,
    headers: { [RECORD_CORRUPT]: 'checksum does not match' },
  })
  expect(readStoredRecord(getter(entries), place, 2n).headers[RECORD_CORRUPT]).toBe('record is missing')
  const moved = getter(stored(1n, { value: Buffer.from('x'), timestampMs: 1 }))
  const under = readStoredRecord(() => moved(recordKey(place, 1n, 0)), place, 2n)
  expect(under.headers[RECORD_CORRUPT]).toBe('checksum does not match')
})

test('the size in a head is the size counted when the record was appended', () => {
  fc.assert(
    fc.property(records, record => {
      const [head] = encodeRecord(place, 0n, record)
      expect(decodeHead(head!.value!)).toMatchObject({
        storedBytes: storedBytes(record),
        valueBytes: record.value.length,
        timestampMs: record.timestampMs,
      })
    }),
    { numRuns: 60 },
  )
})

test('keys sort by partition, offset and chunk', () => {
  const number = fc.integer({ min: 0, max: 65_535 })
  const position = fc.tuple(number, number, fc.bigInt(0n, (1n << 64n) - 1n), number)
  fc.assert(
    fc.property(position, position, (a, b) => {
      const key = ([streamId, partition, offset, chunk]: typeof a) =>
        recordKey({ streamId, partition }, offset, chunk)
      const index = a.findIndex((part, i) => part !== b[i])
      const expected = index < 0 ? 0 : a[index]! < b[index]! ? -1 : 1
      expect(Buffer.compare(key(a), key(b))).toBe(expected)
    }),
  )
})

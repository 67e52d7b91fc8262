// Guarantees: only formats whose pieces can follow each other are streamed, and Native blocks get the head that the
// client's protocol has, or none is claimed.
import { expect, it } from 'vitest'
import { canStream, nativeBlockHead } from '../../../../core/warehouse/embedded/formats.ts'

it.each([
  ['JSONEachRow', true],
  ['TSV', true],
  ['Native', true],
  ['CSVWithNames', false],
  ['JSON', false],
  ['Parquet', false],
  ['ArrowStream', false],
  ['Pretty', false],
])('%s streams: %s', (format, expected) => {
  expect(canStream(format)).toBe(expected)
})

it.each([
  [undefined, []],
  [51_902, []],
  [51_903, [1, 0, 2, 255, 255, 255, 255, 0]],
  [54_453, [1, 0, 2, 255, 255, 255, 255, 0]],
])('protocol %s', (version, expected) => {
  expect([...nativeBlockHead(version)!]).toEqual(expected)
})

it('does not pretend to speak protocols with a flag on every column', () => {
  expect(nativeBlockHead(54_454)).toBeNull()
})

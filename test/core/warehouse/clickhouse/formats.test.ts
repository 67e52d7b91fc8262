// Guarantees: only formats whose pieces can be concatenated are streamed.
import { expect, it } from 'vitest'
import { canStream } from '../../../../core/warehouse/clickhouse/formats.ts'

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

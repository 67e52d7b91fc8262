// Guarantees: every row of the table from ClickHouse's numbers to our codes, for the three kinds of request; other
// errors are retried on insert, never quarantined.
import { describe, expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import {
  engineCode,
  insertError,
  messageOf,
  ownQueryError,
  queryError,
} from '../../../core/warehouse/engine-errors.ts'

const engine = (code: number): Error => new Error(`Query failed: Code: ${code}. DB::Exception: words. (NAME)`)

describe('insertError', () => {
  it.each([6, 8, 33, 53, 70, 117, 131, 190, 349, 467, 561, 636])('%d quarantines the record', code => {
    expect(insertError(engine(code)).disposition).toBe('quarantine')
  })
  it.each([241, 252, 1001, 999_999, 159, 60, 497])('%d is retried', code => {
    expect(insertError(engine(code)).code).toBe('warehouse_unavailable')
  })
  const outOfMemory = (chunk: string, maximum: string): Error =>
    new Error(
      `Code: 241. DB::Exception: (total) memory limit exceeded: would use 195.37 GiB (attempt to allocate chunk of ${chunk}), current RSS: 29.41 MiB, maximum: ${maximum}. (MEMORY_LIMIT_EXCEEDED)`,
    )
  it.each([
    ['195.32 GiB', '2.00 GiB'],
    ['1.00 GiB', '2.00 GiB'],
    ['3221225472 bytes', '2.00 GiB'],
  ])('quarantines a record that needs %s at once of %s', (chunk, maximum) => {
    expect(insertError(outOfMemory(chunk, maximum)).code).toBe('record_refused')
  })
  it.each([
    ['4196352 bytes', '9.31 GiB'],
    ['0.99 GiB', '2.00 GiB'],
    ['512.00 MiB', '1.00 TiB'],
    ['7 parsecs', '1 byte'],
  ])('retries one that needs %s of %s', (chunk, maximum) => {
    expect(insertError(outOfMemory(chunk, maximum)).code).toBe('warehouse_unavailable')
  })
  it('distinguishes a full disk, in errors of the engine and of the file system', () => {
    expect(insertError(engine(243)).code).toBe('disk_full')
    expect(insertError(Object.assign(new Error('no space'), { code: 'ENOSPC' })).code).toBe('disk_full')
    const text = 'Code: 75. DB::Exception: Cannot write: , errno: 28, strerror: No space left on device.'
    expect(insertError(new Error(text)).code).toBe('disk_full')
  })
  it('retries when the error is not the engine’s', () => {
    expect(insertError(new TypeError('broken')).code).toBe('warehouse_unavailable')
    expect(insertError('thrown text').code).toBe('warehouse_unavailable')
  })
})

describe('queryError', () => {
  it.each([
    ...[158, 159, 241, 307, 396].map(code => [code, 'sql_limit']),
    ...[164, 392, 452, 497].map(code => [code, 'sql_refused']),
    ...[47, 60, 62, 9_999].map(code => [code, 'sql_failed']),
    [243, 'disk_full'],
  ])('%s is %s', (code, expected) => {
    expect(queryError(engine(Number(code))).code).toBe(expected)
  })
  it('keeps a code of ours', () => {
    const ours = new WattlineError('sql_refused', 'no')
    expect(queryError(ours)).toBe(ours)
  })
})

it('our own statements are retried, whatever error the engine gives', () => {
  expect(ownQueryError(engine(62)).code).toBe('warehouse_unavailable')
  expect(ownQueryError(engine(243)).code).toBe('disk_full')
})

it('reads number and message in any wrapping', () => {
  expect(engineCode(engine(62))).toBe(62)
  expect(engineCode(new Error('hello'))).toBeNull()
  expect(messageOf(engine(62))).toBe('Code: 62. DB::Exception: words. (NAME)')
  const client = Object.assign(new Error('words. '), { code: '62', type: 'SYNTAX_ERROR' })
  expect(messageOf(client)).toBe('Code: 62. DB::Exception: words. ')
  expect(queryError(client).code).toBe('sql_failed')
})

it('hides parts and paths from users', () => {
  const place =
    '(while reading from part /data/engine/store/a1b/a1b2/202601_1_1_0/ in table wattline.otel_traces (a1b2) located on disk default of type local, from mark 0 with max_rows_to_read = 8192)'
  const said = `Query failed: Code: 27. DB::Exception: Cannot parse input: ${place}: While executing MergeTreeSelect(pool: ReadPoolInOrder, algorithm: InOrder). (CANNOT_PARSE_INPUT)`
  expect(queryError(new Error(said)).message).toBe(
    'Code: 27. DB::Exception: Cannot parse input. (CANNOT_PARSE_INPUT)',
  )
})

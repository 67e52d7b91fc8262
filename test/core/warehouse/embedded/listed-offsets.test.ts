// Guarantees: the offset that an inventory records is that of its list of parts: past the records whose parts the list
// has, whether they were committed yet or not, and short of those whose parts it has not.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listedOffsets } from '../../../../core/warehouse/embedded/listed-offsets.ts'

const UUID = 'abc00000-0000-0000-0000-000000000000'
let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'wattline-listed-'))
})
afterEach(() => rmSync(path, { recursive: true }))

/** Lines of the engine's log: `[part, hash]`. */
function logged(...lines: readonly (readonly [string, string])[]): void {
  const folder = join(path, 'store', 'abc', UUID, 'deduplication_logs')
  mkdirSync(folder, { recursive: true })
  const text = lines.map(([part, hash]) => `1\t${part}\t${part.split('_')[0]}_${hash}\n`).join('')
  writeFileSync(join(folder, 'deduplication_log_1.txt'), text)
}

const part = (name: string) => ({ name, rows: 1, from: null, to: null, expires: null })
const record = (offset: number) => ({
  stored: { origin: 'a', next: BigInt(offset) + 1n },
  tokenHash: `hash${offset}`,
})
const listed = (parts: readonly string[], offsets: readonly number[]) =>
  listedOffsets(
    path,
    new Map([['traces/0', { origin: 'a', next: 5n }]]),
    [{ place: 'traces/0', table: 'otel_traces', records: offsets.map(record), atATime: 3 }],
    [{ name: 'otel_traces', uuid: UUID, parts: parts.map(part) }],
  )
const at = (next: bigint) => new Map([['traces/0', { origin: 'a', next }]])

it('moves past records whose parts are listed, also merged ones, and ones without rows', async () => {
  logged(['20261130_5_5_0', 'hash5'], ['20261130_6_6_0', 'hash6'], ['20261130_7_7_0', 'hash8'])
  expect(await listed(['20261130_1_6_2', '20261130_7_7_0'], [5, 6, 7, 8, 9])).toEqual(at(9n))
})

it('stops before records that the list came too early for', async () => {
  logged(['20261130_5_5_0', 'hash5'], ['20261130_6_6_0', 'hash6'])
  expect(await listed(['20261130_1_5_2'], [5, 6, 7])).toEqual(at(6n))
  // One of the days of a record is not in the list.
  logged(['20261130_5_5_0', 'hash5'], ['20261129_6_6_0', 'hash5'])
  expect(await listed(['20261130_1_5_2'], [5, 6, 7])).toEqual(at(5n))
})

it('stays where it is without a log of tokens, a table or records', async () => {
  expect(await listed(['20261130_1_5_2'], [5])).toEqual(at(5n))
  logged(['20261130_5_5_0', 'hash5'])
  expect(await listed(['20261130_1_5_2'], [])).toEqual(at(5n))
})

it('makes no more tokens once as many records as are inserted at a time are not there', async () => {
  logged(['20261130_5_5_0', 'hash5'])
  const made: number[] = []
  function* records() {
    for (let offset = 5; offset < 20; offset++) {
      made.push(offset)
      yield record(offset)
    }
  }
  const found = await listedOffsets(
    path,
    at(5n),
    [{ place: 'traces/0', table: 'otel_traces', records: records(), atATime: 3 }],
    [{ name: 'otel_traces', uuid: UUID, parts: [part('20261130_1_5_2')] }],
  )
  expect([found, made]).toEqual([at(6n), [5, 6, 7, 8]])
})

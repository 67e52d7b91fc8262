// Guarantees: the engine stores a range of records once, though it is inserted again after a kill, and what came meanwhile is not
// taken for a part of it; records of an earlier version among them lose nothing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { AssignedPartition, StoredRecord, TransactionStep } from '../../../core/broker/broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { hostClocks } from '../../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import { Step } from '../../../processors/loop/step.ts'
import { createStore } from '../../../processors/store/store.ts'

const RECORDS = 40

const recordOf = (offset: number, stream: StreamDeclaration = hostClocks): StoredRecord => {
  const row = {
    Tenant: 't',
    Host: `h${offset}`,
    HostName: 'name',
    Time: 1_790_000_000,
    State: 'ahead',
    OffsetMs: BigInt(offset),
  }
  const rows = [row, { ...row, Host: `${row.Host}-too` }]
  return { offset: BigInt(offset), headers: {}, timestampMs: 0, value: encodeRows(stream, rows as never) }
}

it('stores every row once, though all is inserted again', { timeout: 60_000 }, async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-combined-'))
  const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 30, events: silentEvents })
  try {
    await warehouse.migrate([hostClocks], { signalsDays: 9_000, ledgerDays: 9_000 })
    const older = { ...hostClocks, columns: hostClocks.columns.filter(({ name }) => name !== 'HostName') }
    const records = Array.from({ length: RECORDS }, (_, offset) =>
      offset === 30 ? recordOf(offset, older) : recordOf(offset),
    )
    const tokens: string[] = []
    const state = new Map<string, Uint8Array | null>()
    const partition = {
      stream: hostClocks.name,
      partition: 0,
      revoked: new AbortController().signal,
      originOf: () => 'log',
      loadState: async () => new Map(state),
      commit: async () => undefined,
      transact: async (step: TransactionStep) => {
        for (const [key, value] of step.state) state.set(key, value)
      },
    } as unknown as AssignedPartition
    const noting = {
      ...warehouse,
      insert: (stream: StreamDeclaration, record: Uint8Array, token: string) => {
        tokens.push(token)
        return warehouse.insert(stream, record, token)
      },
    } as typeof warehouse
    const store = createStore({
      streams: [hostClocks],
      warehouse: noting,
      events: silentEvents,
      combines: true,
    })
    /** A process that is killed before it commits what it was given last. */
    const live = async (...polls: readonly (readonly StoredRecord[])[]): Promise<string[]> => {
      tokens.length = 0
      const worker = await store.open(partition)
      for (const poll of polls) {
        const step = new Step()
        for (const record of poll) await worker.apply(record, step)
        await worker.finish?.(step)
      }
      return [...tokens]
    }
    const before = records.slice(0, 16)
    const first = await live(before, records.slice(16, 28))
    // The last range comes in two polls, with more behind it.
    const second = await live(records.slice(16, 20), records.slice(20))
    const third = await live(records.slice(28))
    expect(first.at(-1)).toBe('log/host_clocks/0/16-27')
    expect(second.slice(0, 1)).toEqual(first.slice(-1))
    expect(third).toEqual(second.slice(1))
    const [found] = await warehouse.query<{ rows: string; hosts: string }>(
      `SELECT count() AS rows, uniqExact(Host) AS hosts FROM ${warehouse.database}.${hostClocks.table.name}`,
    )
    expect(found).toEqual({ rows: String(2 * RECORDS), hosts: String(2 * RECORDS) })
  } finally {
    await warehouse.close()
    await rm(path, { recursive: true, force: true })
  }
})

// Guarantees: small records become one insert, and every row is stored once, whatever is killed, repeated or taken over at any
// step: before a range is written, after it, after the insert, before the commit. Records that the tables refuse are set aside
// once, wherever they lie in a range.
import { expect, it } from 'vitest'
import {
  type AssignedPartition,
  RECORD_KIND,
  type StoredRecord,
  type TransactionStep,
} from '../../../core/broker/broker.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { hostClocks, quarantine } from '../../../core/model/streams/index.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import type { PartitionWorker } from '../../../processors/loop/runner.ts'
import { Step } from '../../../processors/loop/step.ts'
import { createStore } from '../../../processors/store/store.ts'
import { seededRandom } from '../../support/random.ts'
import { runs } from '../../support/runs.ts'

/** The process ends here: nothing of it goes on, except what was on its way already. */
class Killed extends Error {}

const POISON = -1n

const noisy = seededRandom(1)
/** Text that does not compress: its record is not a small one. */
const NOISE = Array.from({ length: 7_000 }, () => noisy().toString(36)).join('')

/** A log of one partition, a table with tokens, and what goes wrong with them. */
class World {
  readonly random: () => number
  readonly log: StoredRecord[] = []
  state = new Map<string, Uint8Array>()
  committed = 0n
  /** Offsets set aside. */
  readonly aside: bigint[] = []
  /** Ids of the rows of each token. */
  readonly tokens = new Map<string, readonly bigint[]>()
  /** Inserts of processes that were killed while the engine was at them. */
  readonly late: (() => void)[] = []
  isCalm = false
  owner = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  below(most: number): number {
    return Math.floor(this.random() * most)
  }

  append(): void {
    const offset = BigInt(this.log.length)
    const kind = this.below(20)
    const ids = Array.from({ length: 1 + this.below(3) }, (_, at) => offset * 10n + BigInt(at))
    const record = { offset, headers: {}, timestampMs: 0 }
    if (kind === 0) this.log.push({ ...record, value: Buffer.from('spoilt') })
    else if (kind === 1)
      this.log.push({ ...record, value: Buffer.from('{}'), headers: { [RECORD_KIND]: 'flush' } })
    else if (kind === 2) this.log.push({ ...record, value: recordOf([...ids, POISON]) })
    else if (kind < 5) this.log.push({ ...record, value: recordOf(ids, NOISE) })
    else this.log.push({ ...record, value: recordOf(ids) })
  }

  /** Something that others do, or fail to do, or do without answering. */
  async call<T>(code: 'broker_unavailable' | 'warehouse_unavailable', effect: () => T): Promise<T> {
    await Promise.resolve()
    const fate = this.isCalm ? 1 : this.random()
    if (fate < 0.04) throw new Killed()
    if (fate < 0.08) throw new WattlineError(code, 'It did not happen.')
    if (fate < 0.1 && code === 'warehouse_unavailable') {
      this.late.push(() => void quietly(effect))
      throw new Killed()
    }
    const result = effect()
    if (fate < 0.14) throw new Killed()
    if (fate < 0.18) throw new WattlineError(code, 'It happened, and nobody knows.')
    return result
  }

  readonly warehouse = {
    insert: (_stream: unknown, value: Uint8Array, token: string) =>
      this.call('warehouse_unavailable', () => this.#insert(value, token)),
  } as unknown as Warehouse

  #insert(value: Uint8Array, token: string): void {
    const ids = idsOf(value)
    if (ids === null || ids.includes(POISON)) throw new WattlineError('record_refused', 'Not such a record.')
    const known = this.tokens.get(token)
    if (known !== undefined) expect(ids, `what ${token} stands for`).toEqual(known)
    this.tokens.set(token, ids)
  }

  /** The partition in the hands of one process. The owner before is shut out, as Kafka does it. */
  assign(): AssignedPartition & { revoke(): void } {
    this.owner += 1
    const me = this.owner
    let position = this.committed
    const stop = new AbortController()
    let uncertain: bigint | null = null
    const check = (): void => {
      if (me !== this.owner) throw new Killed()
    }
    const commit = (next: bigint): void => {
      check()
      expect(next).toBeGreaterThanOrEqual(this.committed)
      this.committed = next
    }
    return {
      stream: hostClocks.name,
      partition: 0,
      revoked: stop.signal,
      revoke: () => stop.abort(),
      logOf: () => 'log',
      historyOf: () => '',
      originOf: offset => (offset < 40n ? 'a' : 'b'),
      poll: async () => {
        const records = this.log.slice(Number(position), Number(position) + 1 + this.below(12))
        position += BigInt(records.length)
        return records
      },
      loadState: () => this.call('broker_unavailable', () => new Map(this.state)),
      commit: next => this.call('broker_unavailable', () => commit(next)),
      // As Kafka does it: a step whose outcome is not known is looked for before it is repeated, by its offset.
      transact: (step: TransactionStep) =>
        this.call('broker_unavailable', () => {
          if (uncertain !== null) {
            expect(step.nextOffset).toBe(uncertain)
            return
          }
          commit(step.nextOffset)
          uncertain = step.nextOffset
          for (const [key, value] of step.state) {
            if (value === null) this.state.delete(key)
            else this.state.set(key, value)
          }
          for (const { stream, record } of step.outputs) {
            expect(stream).toBe(quarantine.name)
            this.aside.push(...decodeRows(quarantine, record.value).map(row => row.Offset))
          }
        }).then(() => {
          uncertain = null
        }),
    }
  }
}

const quietly = (effect: () => unknown): unknown => {
  try {
    return effect()
  } catch {
    return undefined
  }
}

const recordOf = (ids: readonly bigint[], name = 'host'): Uint8Array =>
  encodeRows(
    hostClocks,
    ids.map(OffsetMs => ({ Tenant: 't', Host: 'h', HostName: name, Time: 0, State: 'ahead', OffsetMs })),
  )

function idsOf(value: Uint8Array): bigint[] | null {
  try {
    return decodeRows(hostClocks, value).map(row => row.OffsetMs)
  } catch {
    return null
  }
}

async function retried<T>(work: () => Promise<T> | T): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof WattlineError) || error.disposition !== 'retry') throw error
    }
  }
}

/** One process, as the loop drives it, until the end of the log, its death, or the loss of the partition. */
async function live(world: World): Promise<void> {
  const { warehouse } = world
  const store = createStore({ streams: [hostClocks], warehouse, events: silentEvents, combines: true })
  const partition = world.assign()
  const worker: PartitionWorker = await retried(() => store.open(partition))
  for (;;) {
    const records = await partition.poll(store.poll)
    if (records.length === 0) return
    const step = new Step()
    let applied = 0n
    for (const record of records) {
      await worker.apply(record, step)
      applied = record.offset + 1n
      if (!world.isCalm && world.random() < 0.01) partition.revoke()
      if (partition.revoked.aborted) break
    }
    const next = (await retried(async () => await worker.finish?.(step))) ?? applied
    const { outputs, state } = step
    await retried(() =>
      step.isEmpty ? partition.commit(next) : partition.transact({ outputs, state, nextOffset: next }),
    )
    if (partition.revoked.aborted) return
    if (world.random() < 0.5) world.append()
    if (world.random() < 0.1) world.late.shift()?.()
  }
}

async function run(seed: number): Promise<World> {
  const world = new World(seed)
  for (let left = 30; left > 0; left--) world.append()
  for (let lives = 0; lives < 40 || world.committed < BigInt(world.log.length); lives++) {
    if (lives >= 40) world.isCalm = true
    else if (lives % 4 === 0) for (let left = world.below(6); left > 0; left--) world.append()
    await live(world).catch(error => {
      if (!(error instanceof Killed)) throw error
    })
  }
  for (const insert of world.late) insert()
  return world
}

it('stores every row once and sets aside once, whatever happens at whichever step', async () => {
  let [inserts, records] = [0, 0]
  for (let seed = 1; seed <= runs(14); seed++) {
    const world = await run(seed)
    const stored = [...world.tokens.values()].flat().toSorted((a, b) => Number(a - b))
    const good = world.log.flatMap(({ value, headers }) => {
      const ids = headers[RECORD_KIND] === undefined ? idsOf(value) : []
      return ids === null || ids.includes(POISON) ? [] : ids
    })
    expect(stored, `seed ${seed}`).toEqual(good)
    const bad = world.log.filter(({ value, headers }) => {
      const ids = headers[RECORD_KIND] === undefined ? idsOf(value) : []
      return ids === null || ids.includes(POISON)
    })
    expect(
      world.aside.toSorted((a, b) => Number(a - b)),
      `seed ${seed}`,
    ).toEqual(bad.map(({ offset }) => offset))
    inserts += world.tokens.size
    records += world.log.length - bad.length
  }
  // Records are really combined, in spite of all.
  expect(inserts).toBeLessThan(records * 0.9)
})

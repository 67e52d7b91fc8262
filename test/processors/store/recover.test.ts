// Guarantees: what the tables lack is told once, with what the log gives back and what it does not; records that the log has no
// more and that no list of parts knew are told too; restoring that the log has lost ends as a loss; and tables that are gone are
// refused until an operator accepts it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Holding } from '../../../core/broker/broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { traces } from '../../../core/model/streams/traces.ts'
import { Losses } from '../../../core/runtime/losses.ts'
import type { Missing } from '../../../core/warehouse/embedded/missing.ts'
import type { StoredOffsets } from '../../../core/warehouse/embedded/stored-offsets.ts'
import { insertTokenHash } from '../../../core/warehouse/embedded/token-hash.ts'
import { recover } from '../../../processors/store/recover.ts'
import { decodeRewind, type Rewind } from '../../../processors/store/rewind.ts'
import { tokenOf } from '../../../processors/store/token.ts'

let data: string
let losses: Losses
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wattline-recover-'))
  losses = new Losses(data, silentEvents)
})
afterEach(() => rmSync(data, { recursive: true }))

const NOTHING: Missing = {
  tables: [],
  tokens: new Map(),
  unknown: new Map(),
  logged: new Map(),
  empty: new Set(),
  highest: new Map([['otel_traces', 40]]),
  isGone: false,
  isBare: false,
  known: [],
  noted: null,
}
const table = (rows: number) => ({
  name: 'otel_traces',
  uuid: 'u',
  rows,
  from: 1_000,
  to: 2_000,
  parts: ['20261130_1_9_2'],
  broken: [],
  partitions: ['20261130'],
})
const hash = (offset: number): string => insertTokenHash(tokenOf('traces', 0, BigInt(offset), 'a'))
const stored = new Map([['traces/0', { origin: 'a', next: 100n }]])

interface Rewound {
  readonly offset: bigint
  readonly wanted: unknown
}

/** A log with one partition of traces, offsets 60 to 99, all committed. */
function log(more: Partial<Holding> = {}) {
  const rewound: Rewound[] = []
  const plans: (Rewind | null)[] = []
  const holding: Holding = {
    partition: 0,
    first: 60n,
    end: 100n,
    committed: 100n,
    originOf: () => 'a',
    state: new Map(),
    ...more,
  }
  const broker = {
    holdings: () => [holding],
    rewind: async (
      _group: string,
      _place: unknown,
      offset: bigint,
      state: ReadonlyMap<string, Uint8Array | null>,
    ) => {
      const plan = decodeRewind(state as ReadonlyMap<string, Uint8Array>)
      rewound.push({ offset, wanted: plan?.wanted })
      plans.push(plan)
    },
  }
  return { broker, rewound, plans }
}

const run = (
  broker: ReturnType<typeof log>['broker'],
  missing: Partial<Missing>,
  kept: StoredOffsets = stored,
) =>
  recover(
    { broker, streams: [traces], losses, folder: 'data/warehouse', derived: ['otel_traces_trace_id_ts'] },
    { ...NOTHING, ...missing },
    kept,
  )

it('tells nothing and changes nothing when nothing is missing', async () => {
  const { broker, rewound } = log()
  await run(broker, {})
  expect([losses.all(), rewound]).toEqual([[], []])
})

it('has the log give back what it has, and tells the rest', async () => {
  const { broker, rewound } = log()
  const burnt = new Set([hash(10), hash(70), hash(71), hash(90)])
  const missing = { tables: [table(50)], tokens: new Map([['otel_traces', burnt]]) }
  await run(broker, missing)
  await run(broker, missing)
  expect(rewound[0]).toEqual({
    offset: 70n,
    wanted: [
      [70n, 72n],
      [90n, 91n],
    ],
  })
  expect(losses.all()).toMatchObject([
    {
      state: 'restoring',
      extent: [{ table: 'otel_traces', rows: 50, from: '1970-01-01T00:16:40.000Z' }],
      restoring: { 'traces/0': { table: 'otel_traces', isDone: false } },
    },
  ])
  await losses.restored('traces/0', { table: 'otel_traces', rows: 30, isDone: true })
  expect(losses.all()).toMatchObject([{ state: 'lost', extent: [{ rows: 50, restoredRows: 30 }] }])
})

it('counts as back only rows that the inventory had', async () => {
  const countedBy = async (noted: StoredOffsets | null): Promise<unknown> => {
    const { broker, plans } = log()
    await run(broker, { tables: [table(50)], empty: new Set(['otel_traces']), noted })
    return plans[0]?.counted
  }
  expect(await countedBy(null)).toBe(null)
  expect(await countedBy(new Map([['traces/0', { origin: 'a', next: 80n }]]))).toBe(80n)
  // Of another log, or nothing at all: none of these rows.
  expect(await countedBy(new Map([['traces/0', { origin: 'b', next: 80n }]]))).toBe(60n)
  expect(await countedBy(new Map())).toBe(60n)
})

it('tells records that nobody else knows of', async () => {
  const { broker } = log()
  const hashes = new Set([hash(10), hash(11), hash(70)])
  const missing = { tokens: new Map([['otel_traces', hashes]]), unknown: new Map([['otel_traces', hashes]]) }
  await run(broker, missing)
  const unknown = { table: 'otel_traces', rows: null, records: 2 }
  expect(losses.all()[0]?.extent).toContainEqual(expect.objectContaining(unknown))
  await losses.restored('traces/0', { table: 'otel_traces', rows: 5, isDone: true })
  expect(losses.all()[0]?.state).toBe('lost')
})

it.each([
  ['from before the first record', new Map(), 60],
  ['older than the log', new Map([['traces/0', { origin: 'a', next: 40n }]]), 20],
])('tells what tables lack that are %s', async (_what, kept, records) => {
  await run(log().broker, {}, kept)
  const extent = { stream: 'traces', rows: null, records, from: null, to: null }
  expect(losses.all()[0]?.extent).toContainEqual(extent)
})

it('tells records that came after the parts were listed, and were trimmed before the tables went back', async () => {
  const kept = new Map([['traces/0', { origin: 'a', next: 40n }]])
  const noted = (next: bigint) => new Map([['traces/0', { origin: 'a', next }]])
  const { broker } = log({ end: 60n, committed: 60n })
  const told = await run(broker, { tables: [table(50)], noted: noted(55n) }, kept)
  expect(losses.all()[0]?.extent).toMatchObject([
    { table: 'otel_traces', rows: 50 },
    { stream: 'traces', rows: null, records: 5 },
  ])
  // Never told again, since the tables say from now on that they need no more of the log.
  expect(told).toEqual(new Map([['traces/0', { origin: 'a', next: 60n }]]))
  expect(await run(broker, {}, told)).toEqual(new Map())
  expect(losses.all()).toHaveLength(1)
})

it('tells the same number of records of another time once more', async () => {
  const kept = (next: bigint) => new Map([['traces/0', { origin: 'a', next }]])
  await run(log().broker, {}, kept(40n))
  await run(log({ first: 80n }).broker, {}, kept(60n))
  expect(losses.all()).toHaveLength(2)
})

it('takes parts that were listed for all where it was not noted how far the tables were', async () => {
  await run(log().broker, { tables: [table(50)] }, new Map([['traces/0', { origin: 'a', next: 40n }]]))
  expect(losses.all()[0]?.extent).toMatchObject([{ table: 'otel_traces', rows: 50 }])
})

it('takes a token without rows whose record waits for what a kill leaves', async () => {
  const { broker, rewound } = log({ committed: 98n })
  const hashes = new Set([hash(98)])
  await run(broker, {
    tokens: new Map([['otel_traces', hashes]]),
    unknown: new Map([['otel_traces', hashes]]),
  })
  expect([losses.all(), rewound]).toEqual([[], []])
})

it('ends restoring as a loss when the log is gone meanwhile', async () => {
  const missing = { tables: [table(50)], tokens: new Map([['otel_traces', new Set([hash(70)])]]) }
  await run(log().broker, missing)
  await run(log({ first: 0n, end: 0n, committed: 0n }).broker, {})
  expect(losses.all()).toMatchObject([{ state: 'lost', extent: [{ rows: 50, restoredRows: 0 }] }])
})

it('refuses tables that are gone until that is accepted, and tells when they are back', async () => {
  const gone = { tables: [table(50)], isGone: true, isBare: true, empty: new Set(['otel_traces']) }
  const { broker, rewound } = log()
  await expect(run(broker, gone)).rejects.toMatchObject({ code: 'tables_missing' })
  await expect(run(broker, gone)).rejects.toMatchObject({ code: 'tables_missing' })
  expect(losses.all()).toMatchObject([{ state: 'lost', extent: [{ rows: 50 }] }])
  await run(broker, {})
  expect(losses.all()).toMatchObject([{ state: 'restored' }])
  expect(rewound).toEqual([])
})

it('goes on without tables when that is accepted', async () => {
  const gone = { tables: [table(50)], isGone: true, isBare: true, empty: new Set(['otel_traces']) }
  const { broker, rewound } = log()
  await expect(run(broker, gone)).rejects.toMatchObject({ code: 'tables_missing' })
  writeFileSync(join(data, 'losses.accept'), '')
  await losses.takeAcceptance()
  await run(broker, gone)
  expect(rewound).toEqual([{ offset: 60n, wanted: [[60n, 100n]] }])
  expect(losses.all().map(({ state, accepted }) => [state, accepted !== null])).toEqual([
    ['noted', true],
    ['restoring', true],
  ])
  // Counted once.
  expect(losses.all().map(({ extent }) => extent.map(({ rows }) => rows))).toEqual([[], [50]])
})

it('asks again when other tables without rows are gone', async () => {
  const gone = { isGone: true, isBare: true, known: ['u'] }
  const { broker } = log({ first: 0n, end: 0n, committed: 0n })
  await expect(run(broker, gone)).rejects.toMatchObject({ code: 'tables_missing' })
  writeFileSync(join(data, 'losses.accept'), '')
  await losses.takeAcceptance()
  await run(broker, gone)
  await expect(run(broker, { ...gone, known: ['v'] })).rejects.toMatchObject({ code: 'tables_missing' })
})

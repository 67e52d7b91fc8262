/**
 * What a statement of a stranger costs beside the engine: CPU of this process for `SELECT 1`, bare, warm (the allow-list knows
 * the text) and cold (it does not). Medians of rounds in turn, so that a busy machine weighs on all of them alike.
 *
 *   npm run bench:sql
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import type { FencedQuery } from '../../core/warehouse/warehouse.ts'
import { createAllowList } from '../../query/sql/allow-list.ts'

const ROUNDS = 15
const CALLS = 40
const LIMITS: FencedQuery['limits'] = { maxSeconds: 30, maxMemoryBytes: 2 ** 28, maxResultRows: 1_000_000 }

const folder = await mkdtemp(join(tmpdir(), 'wattline-sql-overhead-'))
const warehouse = await openEmbeddedWarehouse({ path: folder, maxMemoryBytes: 2 ** 30, events: silentEvents })
await warehouse.migrate(STREAMS, { signalsDays: 30, ledgerDays: 30 })
const bare = new Session(join(folder, 'engine'))
const allowList = createAllowList({ warehouse })

async function ask(text: string, format: string): Promise<void> {
  const asker = {
    params: {},
    tenant: 'bench',
    accounts: null,
    limits: LIMITS,
    signal: new AbortController().signal,
  }
  const { sql, settings } = await allowList.admit({ ...asker, text })
  const result = await warehouse.fenced({ ...asker, sql, chosen: settings, origin: 'admitted', format })
  for await (const _ of result.chunks) {
    // Only the work is relevant.
  }
}

let seen = 0
/** A text that has not been sent before. */
const unseen = (): string => {
  seen += 1
  return `SELECT ${seen}`
}
const kinds: Readonly<Record<string, () => Promise<unknown>>> = {
  'bare engine': () => bare.queryAsync('SELECT 1', { format: 'TSV' }),
  'bare engine, as a subquery': () => bare.queryAsync('SELECT * FROM (SELECT 1)', { format: 'TSV' }),
  'warm, TSV': () => ask('SELECT 1', 'TSV'),
  'warm, JSON': () => ask('SELECT 1', 'JSON'),
  'cold, TSV': () => ask(unseen(), 'TSV'),
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const spent = new Map<string, number[]>()
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, call] of Object.entries(kinds)) {
    const before = cpuMs()
    for (let calls = 0; calls < CALLS; calls += 1) await call()
    // The first round warms up.
    if (round > 0) spent.set(name, [...(spent.get(name) ?? []), (cpuMs() - before) / CALLS])
  }
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const base = median(spent.get('bare engine') ?? [])
for (const [name, values] of spent) {
  const ms = median(values)
  process.stdout.write(
    `${name.padEnd(30)} ${ms.toFixed(2)} ms CPU, ${(ms - base).toFixed(2)} beside the engine\n`,
  )
}
bare.close()
await warehouse.close()
await rm(folder, { recursive: true, force: true })

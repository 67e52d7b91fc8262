import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { COMPILED } from '../../support/compiled.ts'
import { ledgerProjection } from '../../support/ledger-projection.ts'
import { seededRandom } from '../../support/random.ts'
import { onTokenWrite } from '../token-logs.ts'
import { chaosRecord, ENTRIES_PER_RECORD, openForChaos, SPANS_PER_RECORD } from './records.ts'

export interface KillsResult {
  readonly kills: number
  /** Records that were attempted; all of them were replayed successfully at the end. */
  readonly records: number
  /** Differences from every record being stored once: empty if nothing is lost or duplicated. */
  readonly findings: readonly string[]
}

/**
 * Kills an inserting process at random moments, lets the next one replay unacknowledged records under the same tokens,
 * and audits base tables, projections and the index of traces at the end.
 */
export async function runKills(kills: number, seed: number, repairTokens: boolean): Promise<KillsResult> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-kills-'))
  const random = seededRandom(seed)
  try {
    let next = 0
    for (let kill = 0; kill < kills; kill += 1) {
      next = await insertUntilKilled(path, next, repairTokens, random)
    }
    const warehouse = await openForChaos(path, repairTokens)
    try {
      const record = chaosRecord(next)
      await warehouse.insert(record.stream, record.bytes, record.token)
      return { kills, records: next + 1, findings: await audit(warehouse, next + 1) }
    } finally {
      await warehouse.close()
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/**
 * Lets a few inserts succeed, and kills during the next one: at a random time within the duration of the earlier ones,
 * or as soon as the engine writes a token, which is when a kill can waste one. Resolves with the number of the first
 * unacknowledged record.
 */
async function insertUntilKilled(
  path: string,
  first: number,
  repairTokens: boolean,
  random: () => number,
): Promise<number> {
  const script = fileURLToPath(new URL('./inserter.ts', import.meta.url))
  const child = spawn(process.execPath, [script, path, String(first), repairTokens ? 'repair' : 'plain'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILED },
  })
  const exited = new Promise<NodeJS.Signals | null>(resolve =>
    child.once('exit', (_, signal) => resolve(signal)),
  )
  const last = first + 2 + Math.floor(random() * 4)
  const aimed = random() < 0.7
  const kill = (): boolean => child.kill('SIGKILL')
  let endWatch = (): void => undefined
  let next = first
  let acknowledged = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const before = acknowledged
    acknowledged = performance.now()
    if (line === 'ready') continue
    next = Number(line) + 1
    if (next !== last) continue
    if (aimed) endWatch = await onTokenWrite(join(path, 'engine'), kill)
    else setTimeout(kill, random() * 1.2 * (acknowledged - before))
  }
  const signal = await exited
  endWatch()
  if (signal !== 'SIGKILL') throw new Error('the inserting process ended by itself')
  return next
}

async function audit(warehouse: Warehouse, records: number): Promise<readonly string[]> {
  const ids = Array.from({ length: records }, (_, number) => String(number))
  const findings: string[] = []
  const check = async (what: string, expected: (number: number) => bigint | null, sql: string) => {
    const rows = await warehouse.query<{ id: string; n: string }>(sql)
    const found = new Map(rows.map(row => [row.id, row.n] as const))
    for (const [number, id] of ids.entries()) {
      const want = expected(number)
      const got = found.get(id) ?? '0'
      if (want !== null && got !== String(want)) findings.push(`${what} of record ${id}: ${got}, not ${want}`)
    }
  }
  const even = (value: number) => (number: number) => (number % 2 === 0 ? BigInt(value) : null)
  const odd = (value: (number: number) => number) => (number: number) =>
    number % 2 === 1 ? BigInt(value(number)) : null
  const energy = (number: number) =>
    ENTRIES_PER_RECORD * number * 1_000 + (ENTRIES_PER_RECORD * (ENTRIES_PER_RECORD - 1)) / 2

  await check(
    'spans',
    even(SPANS_PER_RECORD),
    'SELECT SpanName AS id, count() AS n FROM wattline.otel_traces GROUP BY id',
  )
  await check(
    'index entries',
    even(SPANS_PER_RECORD),
    `SELECT toString(intDiv(reinterpretAsUInt64(reverse(unhex(TraceId))) - 1, 1000)) AS id, count() AS n
     FROM (SELECT DISTINCT TraceId FROM wattline.otel_traces_trace_id_ts) GROUP BY id`,
  )
  await check(
    'entries',
    odd(() => ENTRIES_PER_RECORD),
    'SELECT WorkloadId AS id, count() AS n FROM wattline.ledger GROUP BY id',
  )
  for (const [view, projection] of [
    ['usage_hourly', 'workloads_by_hour'],
    ['usage_daily', 'workloads_by_day'],
  ]) {
    await check(
      view!,
      odd(energy),
      `SELECT WorkloadId AS id, sum(v.EnergyUj) AS n FROM wattline.${view} AS v GROUP BY id
       SETTINGS force_optimize_projection_name = '${ledgerProjection(projection!)}'`,
    )
  }
  return findings
}

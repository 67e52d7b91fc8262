// Guarantees: rows lost with damaged, missing or older table files are stored again from the log, once, if it still has
// them; otherwise the instance is not ready and reports how many rows of which table and time are missing; lost
// definitions are restored; and missing tables, as when a volume is not mounted, are never treated as empty ones.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLosses } from '../../../core/runtime/losses.ts'
import { tableFolders } from '../../chaos/damage.ts'
import { freePorts } from '../../support/kafka/kafka-server.ts'
import { processOnFolder } from '../../support/process-on-folder.ts'
import { metricsText, readyz, sendSpans, storedSpans, untilStored } from '../../support/spans-of-a-process.ts'
import { eventually } from '../../support/until.ts'
import type { WattlineProcess } from '../../support/wattline-process.ts'

const on = processOnFolder('damaged')
const { start } = on

const DAY_MS = 86_400_000

function folderOf(table: string): string {
  const folder = tableFolders(on.data).get(table)
  if (folder === undefined) throw new Error(`there is no table ${table}`)
  return folder
}

/** A part of the day this many days ago. */
function partOf(table: string, days = 0): string {
  const folder = folderOf(table)
  const day = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
  const name = readdirSync(folder).find(entry => entry.startsWith(`${day}_`))
  if (name === undefined) throw new Error(`${table} has no part of ${day}`)
  return join(folder, name)
}

/** Spans of four days, and an orderly end. */
async function filled(environment = {}): Promise<void> {
  const process = await start(environment)
  for (const days of [0, 1, 2, 3]) await sendSpans(process, days === 0 ? 6 : 3, days * DAY_MS)
  await untilStored(process, 300)
  await process.end('SIGTERM')
}

const settled = (process: WattlineProcess): Promise<{ status: number; text: string }> =>
  eventually(
    () => readyz(process),
    ({ text }) => !text.includes('is being stored again'),
  )

const indexed = async (process: WattlineProcess): Promise<number> => {
  const [row] = await process.sql<{ n: string }>(
    'SELECT toString(uniqExact(TraceId)) AS n FROM otel_traces_trace_id_ts',
  )
  return Number(row?.n)
}

/** Rows that are told to be lost for good. */
const lostRows = (table: string): number =>
  readLosses(on.data)
    .filter(({ state }) => state === 'lost')
    .flatMap(({ extent }) => extent.filter(one => one.table === table))
    .reduce((sum, { rows, restoredRows = 0 }) => sum + (rows ?? 0) - restoredRows, 0)

/** By days ago. */
const DAMAGES: readonly ((part: string) => void)[] = [
  part => rmSync(part, { recursive: true }),
  part => truncateSync(join(part, 'data.bin'), 100),
  part => rmSync(join(part, 'columns.txt')),
  part => truncateSync(join(part, 'checksums.txt'), 0),
]

describe('data that the log still has', () => {
  it('is stored again when parts are missing, truncated, or lack their metadata', {
    timeout: 120_000,
  }, async () => {
    await filled()
    for (const [days, damage] of DAMAGES.entries()) damage(partOf('otel_traces', days))
    let process = await start()
    const { status, text } = await settled(process)
    expect(await untilStored(process, 300)).toEqual({ rows: 300, distinct: 300 })
    expect(text).toMatch(/lack rows that they had: parts are gone or broken \(otel_traces/)
    expect(status).toBe(200)
    expect(process.stderr.join('\n')).toMatch(/lossFound/)
    // Once, also after another start, and beside new data.
    const told = text.match(/lack rows/g)
    await process.end('SIGKILL')
    process = await start()
    await sendSpans(process, 2)
    expect(await untilStored(process, 340)).toEqual({ rows: 340, distinct: 340 })
    expect(await indexed(process)).toBe(340)
    expect((await readyz(process)).text.match(/lack rows/g)).toEqual(told)
    await process.end('SIGTERM')
  })

  it('is stored again when older tables were restored, or a whole table is gone', {
    timeout: 120_000,
  }, async () => {
    await filled()
    cpSync(join(on.data, 'warehouse'), join(on.data, 'older'), { recursive: true, verbatimSymlinks: true })
    let process = await start()
    await sendSpans(process, 30)
    await untilStored(process, 900)
    await process.end('SIGTERM')
    rmSync(join(on.data, 'warehouse'), { recursive: true })
    renameSync(join(on.data, 'older'), join(on.data, 'warehouse'))

    process = await start()
    expect(await untilStored(process, 900)).toEqual({ rows: 900, distinct: 900 })
    expect((await settled(process)).status).toBe(200)
    await process.end('SIGTERM')

    rmSync(folderOf('otel_traces'), { recursive: true })
    process = await start()
    expect(await untilStored(process, 900)).toEqual({ rows: 900, distinct: 900 })
    expect((await settled(process)).status).toBe(200)
    await process.end('SIGTERM')
  })

  it('is restored to the index of traces', { timeout: 120_000 }, async () => {
    await filled()
    rmSync(folderOf('otel_traces_trace_id_ts'), { recursive: true })
    const process = await start()
    expect((await settled(process)).status).toBe(200)
    expect(await indexed(process)).toBe(300)
    expect(await storedSpans(process)).toEqual({ rows: 300, distinct: 300 })
    await process.end('SIGTERM')
  })
})

it('is distinguished from lost data, which is reported and makes the process not ready until it is accepted', {
  timeout: 120_000,
}, async () => {
  const brief = { WATTLINE_BROKER_RETENTION_TIME: '1' }
  let process = await start(brief)
  await sendSpans(process, 10)
  await untilStored(process, 200)
  await eventually(
    async () =>
      /wattline_log_records_trimmed_total\{stream="traces"\} (\d+)/.exec(await metricsText(process))?.[1],
    trimmed => trimmed === '10',
  )
  await sendSpans(process, 5, DAY_MS)
  await untilStored(process, 300)
  await process.end('SIGTERM')
  rmSync(partOf('otel_traces'), { recursive: true })
  const kept = readdirSync(folderOf('otel_traces')).filter(name => /^\d{8}_/.test(name)).length
  expect(kept).toBeGreaterThan(0)

  process = await start(brief)
  const { status, text } = await settled(process)
  expect(status).toBe(503)
  const missing = 300 - (await storedSpans(process)).rows
  expect(missing).toBeGreaterThan(0)
  expect(text).toContain(`table otel_traces: ${missing} rows`)
  expect(text).toMatch(/wattline losses --accept/)
  expect(await metricsText(process)).toMatch(
    new RegExp(`^wattline_lost_rows\\{table="otel_traces"\\} ${missing}$`, 'm'),
  )
  writeFileSync(join(on.data, 'losses.accept'), '')
  await eventually(
    async () => (await readyz(process)).status,
    found => found === 200,
  )
  await process.end('SIGTERM')
  process = await start(brief)
  expect((await readyz(process)).status).toBe(200)
  await process.end('SIGTERM')
})

it('is stored again after definitions of tables are restored', { timeout: 120_000 }, async () => {
  await filled()
  rmSync(join(on.data, 'warehouse', 'engine', 'metadata'), { recursive: true })
  const process = await start()
  expect(await storedSpans(process)).toEqual({ rows: 300, distinct: 300 })
  expect(process.stderr.join('\n')).toMatch(/definitionRestored/)
  expect((await readyz(process)).status).toBe(200)
  await process.end('SIGTERM')
})

it.each([
  ['is not there', () => undefined],
  ['is an empty mount point', () => mkdirSync(join(on.data, 'warehouse'))],
])(
  'waits for tables whose folder %s, and takes data in meanwhile',
  { timeout: 120_000 },
  async (_what, after) => {
    await filled()
    renameSync(join(on.data, 'warehouse'), join(on.data, 'elsewhere'))
    after()
    let process = await start()
    const { status, text } = await readyz(process)
    expect(status).toBe(503)
    expect(text).toMatch(/tables are gone.*mount it/)
    await sendSpans(process, 5)
    await process.end('SIGTERM')
    expect(existsSync(join(on.data, 'warehouse', 'engine', 'store'))).toBe(false)
    rmSync(join(on.data, 'warehouse'), { recursive: true, force: true })
    renameSync(join(on.data, 'elsewhere'), join(on.data, 'warehouse'))
    process = await start()
    expect(await untilStored(process, 400)).toEqual({ rows: 400, distinct: 400 })
    expect((await readyz(process)).status).toBe(200)
    await process.end('SIGTERM')
  },
)

it('is stored again into empty tables when an operator gives up the old ones', {
  timeout: 120_000,
}, async () => {
  await filled()
  rmSync(join(on.data, 'warehouse'), { recursive: true })
  let process = await start()
  expect((await readyz(process)).status).toBe(503)
  await process.end('SIGTERM')
  writeFileSync(join(on.data, 'losses.accept'), '')
  process = await start()
  // The log still had all of it.
  expect(await untilStored(process, 300)).toEqual({ rows: 300, distinct: 300 })
  expect((await settled(process)).status).toBe(200)
  await process.end('SIGTERM')
})

it('counts as lost exactly the rows that are not back, when a kill left the inventory behind the tables', {
  timeout: 120_000,
}, async () => {
  await filled()
  rmSync(join(on.data, 'log'), { recursive: true })
  let process = await start()
  // All of it is in the tables, and the log begins here.
  writeFileSync(join(on.data, 'losses.accept'), '')
  await sendSpans(process, 10)
  await untilStored(process, 500)
  await process.end('SIGKILL')
  rmSync(join(on.data, 'warehouse'), { recursive: true })
  process = await start()
  await process.end('SIGTERM')
  writeFileSync(join(on.data, 'losses.accept'), '')
  process = await start()
  expect(await untilStored(process, 200)).toEqual({ rows: 200, distinct: 200 })
  // It was accepted before, so readiness does not speak of it.
  await eventually(
    async () => readLosses(on.data),
    losses => losses.every(({ state }) => state !== 'restoring'),
  )
  expect(lostRows('otel_traces')).toBe(300)
  await process.end('SIGTERM')
})

it('is not started over while tables without rows are missing, too', { timeout: 120_000 }, async () => {
  const [port] = await freePorts(1)
  const environment = { WATTLINE_LISTEN_HTTP: `${port}` }
  await (await start(environment)).end('SIGKILL')
  const [warehouse, elsewhere] = [join(on.data, 'warehouse'), join(on.data, 'elsewhere')]
  renameSync(warehouse, elsewhere)
  const process = await start(environment)
  expect(await readyz(process)).toMatchObject({ status: 503, text: expect.stringMatching(/tables are gone/) })
  rmSync(warehouse, { recursive: true, force: true })
  renameSync(elsewhere, warehouse)
  // It restarts itself, and does not answer meanwhile.
  const status = () =>
    readyz(process).then(
      answer => answer.status,
      () => 0,
    )
  await eventually(status, answer => answer === 200)
})

/** A Prometheus and a Wattline process over the same samples. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { STREAMS } from '../../../core/model/streams/index.ts'
import { TABLES_FOLDER } from '../../../core/storage/open-warehouse.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import { HEADERS_1 } from '../../support/remote-write.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'
import { calm } from '../costs/process.ts'
import { familiesOf, insertStatement, type Size, TEXTS, textStatements, writeBodies } from './data.ts'

/** A server that answers PromQL. */
export interface Server {
  readonly name: string
  readonly pid: number
  /** What `/api/v1/query` is appended to. */
  readonly base: string
  end(): Promise<void>
}

/** The size of what lies in a folder, or of what will. */
export function sizeIn(
  folder: string,
  asked: { readonly series: number; readonly hours: number; readonly scrapeS: number },
): Size {
  const path = join(folder, 'size.json')
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Size
  const scrapeMs = asked.scrapeS * 1000
  const size: Size = {
    series: asked.series,
    scrapes: Math.floor((asked.hours * 3_600_000) / scrapeMs),
    scrapeMs,
    endMs: Math.floor(Date.now() / scrapeMs) * scrapeMs - 60_000,
  }
  writeFileSync(path, JSON.stringify(size))
  return size
}

const DAYS = 3_650
/** Scrapes of one insert, or of one request's series. */
const SCRAPES = 120

const post = async (url: string, body: Buffer): Promise<void> => {
  const answer = await fetch(url, { method: 'POST', headers: HEADERS_1, body: new Uint8Array(body) })
  if (!answer.ok) throw new Error(`remote write: ${answer.status} ${await answer.text()}`)
}

/** Writes what was not written before into `folder`, and starts it. */
export async function openPrometheus(command: string, folder: string, size: Size): Promise<Server> {
  mkdirSync(folder, { recursive: true })
  const port = 19_322
  const child: ChildProcess = spawn(
    command,
    [
      '--web.enable-remote-write-receiver',
      `--web.listen-address=127.0.0.1:${port}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=10y',
      '--config.file=/dev/null',
    ],
    { stdio: 'ignore' },
  )
  const kill = (): boolean => child.kill('SIGKILL')
  process.once('exit', kill)
  const base = `http://127.0.0.1:${port}`
  const isReady = (): Promise<boolean> =>
    fetch(`${base}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  await eventually(isReady, ready => ready)
  const mark = join(folder, 'filled')
  if (!existsSync(mark)) {
    for (let from = 0; from < size.scrapes; from += SCRAPES)
      for (const body of writeBodies(size, from, Math.min(size.scrapes, from + SCRAPES)))
        await post(`${base}/api/v1/write`, body)
    // It makes blocks of its head once a minute.
    await new Promise(resolve => setTimeout(resolve, 65_000))
    await calm(child.pid!)
    writeFileSync(mark, '')
  }
  return {
    name: 'Prometheus',
    pid: child.pid!,
    base,
    async end() {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      process.removeListener('exit', kill)
    },
  }
}

/**
 * The same of Wattline. All but the last scrape is inserted by the engine, as rows that remote write makes; the last scrape
 * comes by remote write, and must be of the same series.
 */
export async function openWattline(
  folder: string,
  size: Size,
  environment: Readonly<Record<string, string>> = {},
): Promise<Server & { readonly process: Awaited<ReturnType<typeof startProcess>> }> {
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const mark = join(folder, 'filled')
  const inserted = join(folder, 'inserted')
  if (!existsSync(inserted)) await insertAll(join(data, TABLES_FOLDER), size)
  writeFileSync(inserted, '')
  const started = await startProcess({ data, environment })
  if (!existsSync(mark)) {
    for (const body of writeBodies(size, size.scrapes - 1, size.scrapes))
      await post(`${started.otlp}/api/v1/write`, body)
    await verify(started, size)
    await calm(started.pid)
    writeFileSync(mark, '')
  }
  return {
    name: 'Wattline',
    pid: started.pid,
    base: `${started.http}/prometheus`,
    process: started,
    end: async () => void (await started.end('SIGTERM')),
  }
}

async function insertAll(path: string, size: Size): Promise<void> {
  const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 4e9, events: silentEvents })
  try {
    await warehouse.migrate(STREAMS, { signalsDays: DAYS, ledgerDays: DAYS, requestsDays: DAYS })
    const last = size.scrapes - 1
    for (const family of familiesOf(size)) {
      for (const statement of textStatements(family)) await warehouse.statements!.run(statement)
      for (let from = 0; from < last; from += SCRAPES)
        await warehouse.statements!.run(insertStatement(size, family, from, Math.min(last, from + SCRAPES)))
      await warehouse.statements!.run(`DROP TABLE ${TEXTS} SYNC`)
    }
    await warehouse.statements!.run('OPTIMIZE TABLE wattline.metric_points FINAL')
  } finally {
    await warehouse.close()
  }
}

/** Whether what was inserted and what came by remote write are the same series. @throws if not */
async function verify({ sql }: Awaited<ReturnType<typeof startProcess>>, size: Size): Promise<void> {
  const families = familiesOf(size)
  const since = `MetricName IN (${families.map(({ metric }) => `'${metric}'`).join(', ')}) AND TimeUnix >= fromUnixTimestamp64Milli(${size.endMs - 20 * size.scrapeMs})`
  const expected = families.map(({ metric, count }) => ({ metric, rows: count, series: count, kinds: 1 }))
  const ask = () =>
    sql<(typeof expected)[number]>(
      `SELECT MetricName AS metric, toUInt32(countIf(TimeUnix >= fromUnixTimestamp64Milli(${size.endMs}))) AS rows, toUInt32(uniqExact(ServiceName, Labels, Resource)) AS series, ` +
        `toUInt32(uniqExact(Kind, Meta)) AS kinds FROM metric_points WHERE ${since} GROUP BY metric ORDER BY metric`,
    )
  const isSame = (found: unknown): boolean => JSON.stringify(found) === JSON.stringify(expected)
  await eventually(ask, isSame)
}

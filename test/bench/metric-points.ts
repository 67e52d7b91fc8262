/**
 * What a million points by remote write cost until they are stored and merged, beside a Prometheus, in one run.
 *
 *   npm run bench:points -- [--prometheus prometheus] [--series 100000] [--samples 10] [--connections 16] [--rounds 1]
 *
 * The same requests, 2,000 samples each, a sample of each of 2,000 series, go to both, one after the other, round by round of the
 * samples as scrapes make them. Then both get `--merging` seconds. Printed are CPU seconds for a million samples, of the whole
 * process, and bytes a sample: Prometheus' of the block that it writes of all samples, Wattline's of the table after all parts are one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { TABLES_FOLDER } from '../../core/storage/open-warehouse.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { parseArgs } from '../support/arguments.ts'
import { seededRandom } from '../support/random.ts'
import { encodeWrite1, HEADERS_1, type SentSeries, snappy } from '../support/remote-write.ts'
import { eventually } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'
import { cpuMs } from './replica.ts'

const { values } = parseArgs({
  options: {
    prometheus: { type: 'string', default: 'prometheus' },
    series: { type: 'string', default: '100000' },
    samples: { type: 'string', default: '10' },
    connections: { type: 'string', default: '16' },
    merging: { type: 'string', default: '15' },
    rounds: { type: 'string', default: '1' },
    port: { type: 'string', default: '19321' },
  },
})
const SERIES = Number(values.series)
const SAMPLES = Number(values.samples)
const CONNECTIONS = Number(values.connections)
const MERGING_MS = Number(values.merging) * 1000
const PORT = Number(values.port)
const PER_REQUEST = 2_000
const SCRAPE_MS = 15_000
const PER_TARGET = 500
const PATIENCE_MS = 300_000

/** The labels of series number `index`: a target has metrics of several processors, devices and modes. */
function labelsOf(index: number): [string, string][] {
  const target = Math.floor(index / PER_TARGET)
  const within = index % PER_TARGET
  const metric = Math.floor(within / 10)
  const labels: [string, string][] = [
    ['__name__', metric % 3 === 0 ? `node_gauge_${metric}_bytes` : `node_family_${metric}_seconds_total`],
    ['cpu', String(within % 10)],
    ['device', `eth${metric % 4}`],
    ['instance', `10.0.${target >> 8}.${target & 255}:9100`],
    ['job', 'node'],
    ['mode', ['idle', 'user', 'system', 'iowait'][within % 4]!],
  ]
  return labels
}

/** Requests by scrape: a series' samples must come in order. */
function requestsOf(newestMs: number): Buffer[][] {
  const random = seededRandom(1)
  const labels = Array.from({ length: SERIES }, (_, index) => labelsOf(index))
  const value = Float64Array.from({ length: SERIES }, () => Math.floor(random() * 1e6))
  const scrapes: Buffer[][] = []
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const timestamp = newestMs - (SAMPLES - 1 - sample) * SCRAPE_MS
    const bodies: Buffer[] = []
    for (let from = 0; from < SERIES; from += PER_REQUEST) {
      const series: SentSeries[] = []
      for (let index = from; index < Math.min(from + PER_REQUEST, SERIES); index += 1) {
        value[index] = value[index]! + (index % 3 === 0 ? 0 : Math.round(random() * 1500) / 100)
        series.push({ labels: labels[index]!, samples: [{ value: value[index]!, timestamp }] })
      }
      bodies.push(snappy(encodeWrite1(series)))
    }
    scrapes.push(bodies)
  }
  return scrapes
}

/** Sends all requests over some connections, each in turn. */
async function send(url: string, scrapes: readonly (readonly Buffer[])[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const post = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers: HEADERS_1 }, answer => {
        let text = ''
        answer.on('data', chunk => {
          text += String(chunk)
        })
        answer.on('end', () => {
          if (answer.statusCode === 204) resolve()
          else reject(new Error(`${answer.statusCode}: ${text}`))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  for (const bodies of scrapes) {
    let next = 0
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await post(body)
      }),
    )
  }
  agent.destroy()
}

interface Cost {
  /** CPU seconds for a million samples. */
  readonly cpu: number
  readonly bytes: number
}

const perMillion = (ms: number): number => (ms * 1000) / (SERIES * SAMPLES)

function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? folderBytes(path) : statSync(path).size)
  }, 0)
}

async function ofPrometheus(folder: string, scrapes: readonly (readonly Buffer[])[]): Promise<Cost> {
  mkdirSync(folder)
  const flags = ['web.enable-remote-write-receiver', 'web.enable-admin-api'].map(flag => `--${flag}`)
  const child: ChildProcess = spawn(
    values.prometheus,
    [
      ...flags,
      `--web.listen-address=127.0.0.1:${PORT}`,
      `--storage.tsdb.path=${folder}`,
      '--config.file=/dev/null',
    ],
    { stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${PORT}`
  try {
    const isReady = (): Promise<boolean> =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    await eventually(isReady, ready => ready)
    const before = cpuMs(child.pid!)
    await send(`${url}/api/v1/write`, scrapes)
    await delay(MERGING_MS)
    const cpu = perMillion(cpuMs(child.pid!) - before)
    console.log(`(Prometheus: ${text(cpu)} CPU s; now its bytes)`)
    const answer = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
    if (!answer.ok) throw new Error(`snapshot: ${await answer.text()}`)
    return { cpu, bytes: folderBytes(join(folder, 'snapshots')) / (SERIES * SAMPLES) }
  } finally {
    child.kill()
    await delay(500)
  }
}

async function ofWattline(data: string, scrapes: readonly (readonly Buffer[])[]): Promise<Cost> {
  mkdirSync(data)
  const wattline = await startProcess({ data })
  const before = cpuMs(wattline.pid)
  await send(`${wattline.otlp}/api/v1/write`, scrapes)
  await eventually(
    () => wattline.sql<{ n: number }>('SELECT toUInt32(count()) AS n FROM metric_points'),
    ([row]) => row?.n === SERIES * SAMPLES,
    PATIENCE_MS,
  )
  await delay(MERGING_MS)
  const cpu = perMillion(cpuMs(wattline.pid) - before)
  console.log(`(Wattline: ${text(cpu)} CPU s; now its bytes)`)
  await wattline.end('SIGTERM')
  const warehouse = await openEmbeddedWarehouse({
    path: join(data, TABLES_FOLDER),
    maxMemoryBytes: 2_000_000_000,
    events: silentEvents,
  })
  try {
    await warehouse.statements!.run('OPTIMIZE TABLE wattline.metric_points FINAL')
    const [row] = await warehouse.query<{ bytes: number }>(
      `SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND table = 'metric_points'`,
    )
    return { cpu, bytes: row!.bytes / (SERIES * SAMPLES) }
  } finally {
    await warehouse.close()
  }
}

const text = (value: number): string => value.toFixed(2)
const folder = mkdtempSync(join(tmpdir(), 'wattline-points-'))
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const scrapes = requestsOf(Date.now() - SCRAPE_MS)
    const theirs = await ofPrometheus(join(folder, `prometheus-${round}`), scrapes)
    const ours = await ofWattline(join(folder, `wattline-${round}`), scrapes)
    console.log(
      `Prometheus: ${text(theirs.cpu)} CPU s a million samples, ${text(theirs.bytes)} bytes a sample\n` +
        `Wattline:   ${text(ours.cpu)} CPU s a million samples, ${text(ours.bytes)} bytes a sample\n` +
        `ratio:      ${text(ours.cpu / theirs.cpu)} in CPU time, ${text(ours.bytes / theirs.bytes)} in bytes`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

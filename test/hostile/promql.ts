/**
 * A process as users start it, with 100,000 series of one metric, gets PromQL that is built to cost more than its limits. Each
 * query must end within its limit plus a second, as an answer in the form of the API; health must answer within 200 ms all the
 * time, memory must stay within its limit, and a plain query must be answered afterwards.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { encodeWrite1, HEADERS_1, type SentSeries, snappy } from '../support/remote-write.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { BOMBS, type Bomb, FEW, MANY } from './promql-bombs.ts'

const LIMIT_SECONDS = 5
const GRACE_MS = 1_000
const PROCESS_BYTES = 4 * 2 ** 30
const ENGINE_BYTES = 2 ** 30
const SERIES = 100_000
const PER_REQUEST = 2_000
/** What an answer to a query may be: never a defect of ours. */
const STATUSES = [200, 400, 413, 414, 422, 429, 431, 503]

/** How to run it. */
export interface PromqlOptions {
  readonly say: (line: string) => void
  /** Default all. */
  readonly bombs?: readonly Bomb[]
  readonly series?: number
}

/** @throws if a query exceeds its limit, health waits, or memory exceeds its limit */
export async function promql({ say, bombs = BOMBS, series = SERIES }: PromqlOptions): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'wattline-promql-'))
  const wattline = await startProcess({
    data,
    environment: {
      WATTLINE_LIMITS_PROMQL_SECONDS: String(LIMIT_SECONDS),
      WATTLINE_WAREHOUSE_MAX_MEMORY_BYTES: String(ENGINE_BYTES),
    },
  })
  const faults: string[] = []
  const atS = Math.floor(Date.now() / 1000) - 60
  try {
    await fill(wattline, series, atS)
    const memory = watchMemory(wattline.pid)
    const watch = fork(new URL('./health-watch.ts', import.meta.url), [`${wattline.http}/healthz`])
    for (const bomb of bombs) faults.push(...(await explode(wattline, bomb, atS, say)))
    watch.send('stop')
    const [health] = (await once(watch, 'message')) as [
      { readonly asked: number; readonly failed: number; readonly late: number; readonly worstMs: number },
    ]
    const peak = memory.stop()
    say(`${bombs.length} queries; health ${JSON.stringify(health)}; resident ${peak >> 20} MiB at most`)
    if (health.late > 0 || health.failed > 0) faults.push(`health: ${JSON.stringify(health)}`)
    if (peak > PROCESS_BYTES) faults.push(`resident memory: ${peak} bytes`)
  } finally {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  }
  if (faults.length > 0) throw new Error(`beyond what is promised:\n${faults.join('\n')}`)
}

async function explode(
  wattline: WattlineProcess,
  bomb: Bomb,
  atS: number,
  say: PromqlOptions['say'],
): Promise<readonly string[]> {
  const startedMs = performance.now()
  const all = await Promise.all(Array.from({ length: bomb.times ?? 1 }, () => sendOne(wattline, bomb, atS)))
  const tookMs = Math.round(performance.now() - startedMs)
  const line = `${bomb.kind}: ${bomb.name}: ${tookMs} ms (${[...new Set(all)].join('; ')})`
  if (tookMs > 1_000) say(line)
  const faults = tookMs > LIMIT_SECONDS * 1_000 + GRACE_MS ? [line] : []
  if (all.some(one => one.startsWith('fault'))) faults.push(line)
  // Whatever it was, the next caller gets an answer.
  const next = await fetch(`${wattline.http}/prometheus/api/v1/query?query=count(${FEW})&time=${atS}`)
  const body = await next.text()
  if (!body.includes('"200"')) faults.push(`after ${bomb.name}: ${next.status} ${body}`)
  return faults
}

/** What came: a status and the size, or a fault. */
async function sendOne(wattline: WattlineProcess, bomb: Bomb, atS: number): Promise<string> {
  const { query, range, leaves = false } = bomb
  const form = new URLSearchParams(
    range === undefined
      ? { query, time: String(atS) }
      : { query, start: String(atS - range.seconds), end: String(atS), step: range.step },
  )
  const path = range === undefined ? 'query' : 'query_range'
  try {
    const response = await fetch(`${wattline.http}/prometheus/api/v1/${path}`, {
      method: 'POST',
      body: form,
      signal: AbortSignal.timeout(leaves ? 500 : 60_000),
    })
    let bytes = 0
    let begin = ''
    for await (const piece of response.body ?? []) {
      if (bytes < 400) begin += new TextDecoder().decode(piece.subarray(0, 400))
      bytes += piece.length
    }
    if (STATUSES.includes(response.status) && begin.startsWith('{"status":'))
      return `${response.status}, ${bytes} bytes`
    return `fault: ${response.status} ${begin.slice(0, 200)}`
  } catch (error) {
    if (leaves) return 'left'
    // An answer that is cut off at the limit is a broken connection.
    return `cut: ${String(error)}`
  }
}

async function fill(wattline: WattlineProcess, series: number, atS: number): Promise<void> {
  for (let first = 0; first < series; first += PER_REQUEST)
    await send(
      wattline,
      Array.from({ length: Math.min(PER_REQUEST, series - first) }, (_, at) => manyOf(first + at, atS)),
    )
  await send(
    wattline,
    Array.from({ length: 200 }, (_, at) => ({
      labels: [
        ['__name__', FEW],
        ['instance', `i-${at}:9100`],
        ['job', 'hostile'],
      ],
      samples: Array.from({ length: 240 }, (_, scrape) => ({
        value: scrape * at,
        timestamp: (atS - 15 * (239 - scrape)) * 1000,
      })),
    })),
  )
  await eventually(
    () => wattline.sql<{ n: number }>('SELECT toUInt32(count()) AS n FROM metric_points'),
    ([row]) => row?.n === series * 2 + 200 * 240,
    120_000,
  )
}

const manyOf = (index: number, atS: number): SentSeries => ({
  labels: [
    ['__name__', MANY],
    ['instance', `i-${index % 500}:9100`],
    ['job', 'hostile'],
    ['namespace', `namespace-${index % 1_000}`],
    ['pod', `pod-${index}`],
  ],
  samples: [60, 30].map(ago => ({ value: index / 3, timestamp: (atS - ago) * 1000 })),
})

async function send(wattline: WattlineProcess, series: readonly SentSeries[]): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${wattline.otlp}/api/v1/write`, {
      method: 'POST',
      headers: HEADERS_1,
      body: snappy(encodeWrite1(series)),
    })
    if (status === 204) return
    if (status !== 429) throw new Error(`remote write: ${status}`)
    await delay(500)
  }
}

function watchMemory(pid: number): { stop(): number } {
  let peak = 0
  const timer = setInterval(() => {
    const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    peak = Math.max(peak, Number(found ?? 0) * 1024)
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return peak
    },
  }
}

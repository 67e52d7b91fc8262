/**
 * Thin traffic: how long small requests wait, and what they cost. Clients that send again as soon as they are answered;
 * one that sends occasionally; many that send at fixed times, whose requests should share records.
 * `npm run bench:thin`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { cpuMs } from './replica.ts'

const SECONDS = Number(process.argv[2] ?? 15)
const THINK_MS = 21

interface Load {
  readonly name: string
  readonly clients: number
  readonly spans: number
  /** Time from an answer to the next request; at fixed times, from request to request. */
  readonly pauseMs: number
  readonly isByClock: boolean
}

const LOADS: readonly Load[] = [
  { name: 'closed loop, 8 clients', clients: 8, spans: 102, pauseMs: THINK_MS, isByClock: false },
  { name: 'closed loop, 1 client', clients: 1, spans: 102, pauseMs: THINK_MS, isByClock: false },
  { name: 'now and then, 1 client', clients: 1, spans: 102, pauseMs: 3_000, isByClock: true },
  { name: 'by the clock, 200 clients', clients: 200, spans: 20, pauseMs: 10_000, isByClock: true },
]

async function client(url: URL, load: Load, untilMs: number, times: number[], at: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const body = encodeTraces({ 'service.name': `client-${at}` }, randomSpans(load.spans))
  if (load.isByClock) await delay((load.pauseMs * at) / load.clients)
  while (performance.now() < untilMs) {
    const startedMs = performance.now()
    await send(url, agent, body)
    const tookMs = performance.now() - startedMs
    times.push(tookMs)
    await delay(load.isByClock ? Math.max(0, load.pauseMs - tookMs) : load.pauseMs)
  }
  agent.destroy()
}

function send(url: URL, agent: Agent, body: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { 'content-type': 'application/x-protobuf', 'content-length': String(body.length) }
  const sent = request(new URL('/v1/traces', url), { method: 'POST', agent, headers }, answer => {
    if (answer.statusCode !== 200) reject(new Error(`answered ${answer.statusCode}`))
    answer.resume().on('end', resolve)
  })
  sent.on('error', reject).end(body)
  return promise
}

async function recordsOf({ http }: WattlineProcess): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  return Number(/^wattline_log_records_total\{stream="traces"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

const data = mkdtempSync(join(tmpdir(), 'wattline-thin-'))
const wattline = await startProcess({
  data,
  environment: { WATTLINE_LOG_LEVEL: 'error' },
})
try {
  for (const load of LOADS) {
    await delay(2_000)
    const [records, cpu] = [await recordsOf(wattline), cpuMs(wattline.pid)]
    const times: number[] = []
    const untilMs = performance.now() + SECONDS * 1000
    const url = new URL(wattline.otlp)
    await Promise.all(Array.from({ length: load.clients }, (_, at) => client(url, load, untilMs, times, at)))
    await delay(500)
    const made = (await recordsOf(wattline)) - records
    const cost = cpuMs(wattline.pid) - cpu
    const sorted = times.toSorted((a, b) => a - b)
    process.stdout.write(
      `${load.name.padEnd(26)} ${(times.length / SECONDS).toFixed(1)} requests/s, p50 ${sorted[sorted.length >> 1]?.toFixed(0)} ms, ` +
        `${(made / SECONDS).toFixed(1)} records/s, CPU ${(cost / 10 / SECONDS).toFixed(1)} % of a core, ` +
        `${(cost / times.length).toFixed(1)} ms a request, ${(cost / made).toFixed(1)} ms a record\n`,
    )
  }
} finally {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
}

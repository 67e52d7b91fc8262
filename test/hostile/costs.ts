/**
 * A process as users start it, under a load of spans, receives requests designed to cost more than their limits. Each
 * must end within its limit plus a second, health must answer within 200 ms all the time, and memory must stay within
 * the configured limit.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { COSTLY_REQUESTS, type CostlyRequest } from './cost-requests.ts'

const LIMIT_SECONDS = 3
const GRACE_MS = 1_000
const PROCESS_BYTES = 3 * 2 ** 30
const ENGINE_BYTES = 2 ** 30
const SPANS_PER_SECOND = 2_000
const BATCH_SPANS = 200

export interface CostOptions {
  readonly say: (line: string) => void
  /** Default all. */
  readonly requests?: readonly CostlyRequest[]
}

interface Health {
  readonly asked: number
  readonly failed: number
  /** Beyond 200 ms. */
  readonly late: number
  /** Late, but the machine had no time for the watch either. */
  readonly unjudged: number
  readonly worstMs: number
}

/** @throws if a request exceeds its limit, health waits, or memory exceeds its limit */
export async function costs({ say, requests = COSTLY_REQUESTS }: CostOptions): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'wattline-costs-'))
  const wattline = await startProcess({
    data,
    environment: {
      WATTLINE_LIMITS_SQL_SECONDS: String(LIMIT_SECONDS),
      WATTLINE_LIMITS_MEMORY_BYTES: String(PROCESS_BYTES),
      WATTLINE_WAREHOUSE_MAX_MEMORY_BYTES: String(ENGINE_BYTES),
    },
  })
  const load = startLoad(wattline)
  const memory = watchMemory(wattline.pid)
  const watch = fork(new URL('./health-watch.ts', import.meta.url), [`${wattline.http}/healthz`])
  const faults: string[] = []
  try {
    await delay(2_000)
    let statements = 0
    for (const request of requests) {
      for (let time = 0; time < (request.times ?? 1); time++) {
        statements += 1
        const fault = await sendOne(wattline, request, say)
        if (fault !== undefined) faults.push(fault)
      }
    }
    const health = await stopWatch(watch)
    const { spans, refused, answers } = await load.stop()
    const peak = memory.stop()
    say(
      `${statements} requests; health asked ${health.asked} times, waited ${Math.round(health.worstMs)} ms at most, ${health.late} times too long, ` +
        `${health.unjudged} times with a machine too busy to judge; resident memory ${Math.round(peak / 2 ** 20)} MiB at most; ` +
        `${spans} spans taken, batches by status ${answers}`,
    )
    if (health.late > 0 || health.failed > 0) faults.push(`health: ${JSON.stringify(health)}`)
    if (peak > PROCESS_BYTES) faults.push(`resident memory: ${peak} bytes`)
    if (refused > 0) faults.push(`${refused} batches of spans were refused`)
    // The remaining statements must not prevent its end.
    const startedMs = performance.now()
    await wattline.end('SIGTERM')
    say(`ended ${Math.round(performance.now() - startedMs)} ms after SIGTERM`)
  } finally {
    await wattline.end('SIGKILL')
    watch.kill()
    rmSync(data, { recursive: true, force: true })
  }
  if (faults.length > 0) throw new Error(`beyond what is promised:\n${faults.join('\n')}`)
}

async function sendOne(
  wattline: WattlineProcess,
  request: CostlyRequest,
  say: CostOptions['say'],
): Promise<string | undefined> {
  const startedMs = performance.now()
  const bound = LIMIT_SECONDS * 1_000 + GRACE_MS
  let outcome: string
  try {
    const response = await fetch(`${wattline.http}${request.path}`, {
      method: request.body === undefined ? 'GET' : 'POST',
      ...(request.body === undefined ? {} : { body: request.body as BodyInit }),
      headers: { ...request.headers },
      signal: AbortSignal.timeout(60_000),
    })
    let bytes = 0
    for await (const piece of response.body ?? []) bytes += piece.length
    outcome = `${response.status}, ${bytes} bytes`
  } catch (error) {
    outcome = String(error)
  }
  const took = performance.now() - startedMs
  const line = `${request.kind}: ${request.name}: ${Math.round(took)} ms (${outcome})`
  if (took > bound / 2) say(line)
  return took > bound ? line : undefined
}

function startLoad(wattline: WattlineProcess): {
  stop(): Promise<{ spans: number; refused: number; answers: string }>
} {
  let spans = 0
  let refused = 0
  const answers = new Map<number, number>()
  const pending = new Set<Promise<void>>()
  const send = async (): Promise<void> => {
    const response = await fetch(`${wattline.otlp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: spanBatch(),
    }).catch(() => undefined)
    if (response?.ok === true) spans += BATCH_SPANS
    else refused += 1
    const status = response?.status ?? 0
    answers.set(status, (answers.get(status) ?? 0) + 1)
  }
  const timer = setInterval(
    () => {
      const sent = send().finally(() => pending.delete(sent))
      pending.add(sent)
    },
    (1_000 * BATCH_SPANS) / SPANS_PER_SECOND,
  )
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
      return { spans, refused, answers: JSON.stringify([...answers]) }
    },
  }
}

let batches = 0

function spanBatch(): string {
  batches += 1
  const nowNs = BigInt(Date.now()) * 1_000_000n
  const spans = Array.from({ length: BATCH_SPANS }, (_, at) => ({
    traceId: (batches * 1_000 + at).toString(16).padStart(32, '0'),
    spanId: (batches * 1_000 + at).toString(16).padStart(16, '0'),
    name: `GET /${at % 20}`,
    kind: 2,
    startTimeUnixNano: String(nowNs),
    endTimeUnixNano: String(nowNs + 1_000_000n),
    attributes: [{ key: 'http.route', value: { stringValue: `/${at % 20}` } }],
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'loaded' } }] }
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
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

async function stopWatch(watch: ChildProcess): Promise<Health> {
  watch.send('stop')
  const [health] = (await once(watch, 'message')) as [Health]
  return health
}

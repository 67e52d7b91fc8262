/**
 * Steady state of one process: memory, CPU and freshness under a constant rate of spans, while it measures this machine.
 *
 *   node test/bench/steady.ts --rate 5000 --minutes 2     freshness: from sending to SQL returning the span
 *   node test/bench/steady.ts --rate 2000 --minutes 60    memory over an hour
 *   node test/bench/steady.ts --rate 0 --minutes 5        at rest
 *
 * Prints one line a minute and a summary. CPU is that of the server process alone (user + system, /proc/PID/stat). Ends with 1 when
 * a probe, a span sent to be asked for, was not found within a minute.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from '../support/arguments.ts'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '2' },
    request: { type: 'string', default: '500' },
    probes: { type: 'string', default: '4' },
  },
})
const rate = Number(values.rate)
const minutes = Number(values.minutes)
const spansPerRequest = Number(values.request)
const probesPerSecond = Number(values.probes)

const data = mkdtempSync(join(tmpdir(), 'wattline-steady-'))
const wattline = await startProcess({
  data,
  sensors: true,
  environment: { WATTLINE_TELEMETRY_TRACES: 'true' },
})
/** The time limit of a probe; SQL searches spans of the last ten minutes. */
const PROBE_MS = 60_000
const freshness: number[] = []
const failedProbes: string[] = []
/** Probes that were not found in time, by reason. */
const lostProbes: string[] = []
let sent = 0
let failed = 0

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, Math.max(0, ms)))

/** Whether they were accepted. */
async function send(spans: ReturnType<typeof randomSpans>, signal?: AbortSignal): Promise<boolean> {
  const body = encodeTraces({ 'service.name': 'steady', 'service.version': '1' }, spans)
  const response = await fetch(`${wattline.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(body),
    ...(signal === undefined ? {} : { signal }),
  })
  await response.arrayBuffer()
  const isTaken = response.status === 200
  if (isTaken) sent += spans.length
  else failed += spans.length
  return isTaken
}

async function load(until: number): Promise<void> {
  if (rate === 0) return pause(until - Date.now())
  const period = (spansPerRequest / rate) * 1000
  const open = new Set<Promise<boolean>>()
  for (let next = Date.now(); next < until; next += period) {
    await pause(next - Date.now())
    const request = send(randomSpans(spansPerRequest)).catch(() => {
      failed += spansPerRequest
      return false
    })
    open.add(request)
    void request.finally(() => open.delete(request))
  }
  await Promise.all(open)
}

/** Sends one span, then queries its trace id until SQL returns it, for at most a minute. Never rejects. */
async function probe(): Promise<void> {
  const [span] = randomSpans(1)
  if (span === undefined) return
  const traceId = Buffer.from(span.traceId).toString('hex')
  const started = performance.now()
  const signal = AbortSignal.timeout(PROBE_MS)
  try {
    if (!(await send([span], signal))) {
      lostProbes.push('not taken')
      return
    }
    while (!(await isFound(traceId, signal))) {
      await pause(20)
      signal.throwIfAborted()
    }
    freshness.push(performance.now() - started)
  } catch (error) {
    lostProbes.push(signal.aborted ? `${traceId} not in SQL after ${PROBE_MS / 1000} s` : String(error))
  }
}

async function isFound(id: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${wattline.http}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'SELECT count() AS n FROM otel_traces WHERE TraceId = {id:String} AND Timestamp > now() - 600',
      params: { id },
    }),
    signal,
  })
  const text = await response.text()
  if (response.ok) return Number((JSON.parse(text) as { data: readonly { n: string }[] }).data[0]?.n) === 1
  failedProbes.push(text)
  return false
}

async function probes(until: number): Promise<void> {
  if (rate === 0 || probesPerSecond === 0) return
  const open: Promise<void>[] = []
  for (let next = Date.now() + 5_000; next < until; next += 1000 / probesPerSecond) {
    await pause(next - Date.now())
    open.push(probe())
  }
  await Promise.all(open)
}

interface Sample {
  readonly cpuSeconds: number
  readonly rssMb: number
  readonly anonymousMb: number
  readonly fileMb: number
}

function sample({ pid }: WattlineProcess): Sample {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    rssMb: megabytes('VmRSS'),
    anonymousMb: megabytes('RssAnon'),
    fileMb: megabytes('RssFile'),
  }
}

async function report(until: number): Promise<void> {
  let last = sample(wattline)
  let lastTime = Date.now()
  for (let minute = 1; Date.now() < until - 1000; minute++) {
    await pause(Math.min(60_000, until - Date.now()))
    const now = sample(wattline)
    const cores = (now.cpuSeconds - last.cpuSeconds) / ((Date.now() - lastTime) / 1000)
    process.stdout.write(
      `minute ${minute}: RSS ${now.rssMb.toFixed(0)} MB (anonymous ${now.anonymousMb.toFixed(0)}, file ${now.fileMb.toFixed(0)}), CPU ${(cores * 100).toFixed(1)} % of a core, ${sent} spans, ${failed} failed\n`,
    )
    last = now
    lastTime = Date.now()
  }
}

const until = Date.now() + minutes * 60_000
await Promise.all([load(until), probes(until), report(until)])
const sorted = freshness.toSorted((a, b) => a - b)
const quantile = (q: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(0)
if (sorted.length > 0) {
  process.stdout.write(
    `send to SQL, ${sorted.length} probes: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, max ${quantile(1)} ms\n`,
  )
}
if (failedProbes.length > 0)
  process.stdout.write(`${failedProbes.length} questions refused: ${failedProbes[0]}\n`)
if (lostProbes.length > 0) {
  const all = lostProbes.length + freshness.length
  process.stdout.write(
    `*** ${lostProbes.length} of ${all} probes NOT FOUND; the first: ${lostProbes[0]} ***\n`,
  )
  process.exitCode = 1
}
const stopped = Date.now()
const code = await wattline.end('SIGTERM')
process.stdout.write(`SIGTERM: exit ${code} after ${Date.now() - stopped} ms\n`)
rmSync(data, { recursive: true, force: true })

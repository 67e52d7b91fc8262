// Guarantees: the reader of the output may disconnect or stop reading, and the process keeps serving; SIGTERM ends it
// within `shutdown_grace` + 5 s, whatever hangs in it, with a nonzero code if something was left; also while it starts
// and waits, and after its engine has broken down. What it waits for is reported at once, on its port too. An
// impossible folder is refused at once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { measureIdleSeconds } from '../support/idle-seconds.ts'
import { freePorts } from '../support/kafka/kafka-server.ts'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { runs } from '../support/runs.ts'
import { eventually } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const ENTRY = `${ROOT}cli/wattline.cjs`
let data: string
let children: ChildProcess[]

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wattline-shutdown-'))
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

const environment = (ports: Readonly<Record<string, string>>): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: data,
  WATTLINE_DATA: data,
  WATTLINE_LISTEN_HTTP: '0',
  WATTLINE_LISTEN_OTLP_HTTP: '0',
  WATTLINE_LISTEN_OTLP_GRPC: '0',
  WATTLINE_LISTEN_CLICKHOUSE: '0',
  WATTLINE_LISTEN_KEDA: '0',
  WATTLINE_TELEMETRY_TRACES: 'false',
  ...ports,
})

const statusOf = (url: string): Promise<number> =>
  fetch(url).then(
    ({ status }) => status,
    () => 0,
  )

/** Sends SIGTERM and returns code, signal, and the seconds that the end would have taken on an idle machine. */
async function ending(child: ChildProcess) {
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const idleSeconds = measureIdleSeconds()
  child.kill('SIGTERM')
  const [code, by] = await ended
  return { code, by, seconds: idleSeconds() }
}

it.each(['stdout and stderr', 'stdout'].slice(0, runs(1)))(
  'keeps serving when its %s no longer has a reader',
  async closed => {
    const [http = 0, otlp = 0] = await freePorts(2)
    const child = spawn(process.execPath, [ENTRY, 'run'], {
      env: environment({
        WATTLINE_LISTEN_HTTP: `${http}`,
        WATTLINE_LISTEN_OTLP_HTTP: `${otlp}`,
        WATTLINE_LOG_LEVEL: 'debug',
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    if (closed === 'stdout') child.stderr?.resume()
    // Before it has written anything: even the greeting is written to a closed pipe.
    child.stdout?.destroy()
    if (closed !== 'stdout') await once(createInterface({ input: child.stderr! }), 'line')
    if (closed !== 'stdout') child.stderr?.destroy()
    await eventually(
      () => statusOf(`http://127.0.0.1:${http}/readyz`),
      status => status === 200,
    )
    for (let round = 0; round < 3; round++) {
      const body = new Uint8Array(encodeTraces({ 'service.name': 'unread' }, randomSpans(10)))
      const headers = { 'content-type': 'application/x-protobuf' }
      const sent = await fetch(`http://127.0.0.1:${otlp}/v1/traces`, { method: 'POST', headers, body })
      expect(sent.status).toBe(200)
    }
    expect(child.exitCode).toBeNull()
    expect(await ending(child)).toMatchObject({ code: 0 })
  },
)

it('ends although its full log has no reader', async () => {
  const [http = 0] = await freePorts(1)
  const child = spawn(process.execPath, [ENTRY, 'run'], {
    env: environment({
      WATTLINE_LISTEN_HTTP: `${http}`,
      WATTLINE_LOG_LEVEL: 'debug',
      WATTLINE_SHUTDOWN_GRACE: '2',
    }),
    // Never read, and never closed.
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  child.stderr?.pause()
  const url = `http://127.0.0.1:${http}`
  await eventually(
    () => statusOf(`${url}/readyz`),
    status => status === 200,
  )
  // Each is a line of the log: more than a pipe can hold.
  for (let round = 0; round < 40; round++) await Promise.all(Array.from({ length: 50 }, () => refused(http)))
  expect(await statusOf(`${url}/healthz`)).toBe(200)
  const end = await ending(child)
  expect(end.seconds).toBeLessThan(7)
  let written = 0
  for await (const text of child.stderr!) written += text.length
  expect(written).toBeGreaterThanOrEqual(65_536)
})

/** Requests under a name of another machine, which is refused and logged. */
const refused = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path: '/healthz', headers: { host: 'a.example' } })
    asked.on('error', reject).on('response', answer => {
      expect(answer.statusCode).toBe(403)
      answer.resume().on('end', resolve)
    })
    asked.end()
  })

/** A thread in native code is not waited for at all: nothing limits this end. */
const GRACES = { thread: '30', main: '2' }

it.each((['main', 'thread'] as const).slice(0, runs(1)))(
  'ends within its grace period and 5 s when its %s hangs',
  async hangs => {
    const child = spawn(process.execPath, [`${ROOT}test/support/hanging-entry.ts`, 'run'], {
      env: environment({ HANGS: hangs, WATTLINE_SHUTDOWN_GRACE: GRACES[hangs], WATTLINE_LOG_LEVEL: 'error' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let said = ''
    child.stderr?.on('data', text => {
      said += text
    })
    for await (const line of createInterface({ input: child.stdout! })) if (line.includes('Ctrl-C')) break
    const end = await ending(child)
    // A native thread that does not return is left behind by a process that has finished its work.
    const right = { thread: { code: 0, by: null }, main: { code: null, by: 'SIGKILL' } }
    expect(end).toMatchObject(right[hangs])
    expect(end.seconds).toBeLessThan(7)
    if (hangs === 'main') expect(said).toMatch(/shutdown_incomplete: .* hangs, so the process is killed/)
  },
)

it('reports what it waits for, answers meanwhile, and stops at once when asked', async () => {
  const [http = 0, kafka = 0] = await freePorts(2)
  const child = spawn(process.execPath, [ENTRY, 'run'], {
    env: environment({
      WATTLINE_LISTEN_HTTP: `${http}`,
      WATTLINE_BROKER_KIND: 'kafka',
      WATTLINE_BROKER_BROKERS: `127.0.0.1:${kafka}`,
    }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  const lines: string[] = []
  createInterface({ input: child.stderr! }).on('line', line => lines.push(line))
  const url = `http://127.0.0.1:${http}`
  await eventually(
    async () => lines.join('\n'),
    text => text.includes('"msg":"startWaits"'),
  )
  expect(lines.join('\n')).toContain(`Kafka at 127.0.0.1:${kafka}`)
  expect(await statusOf(`${url}/healthz`)).toBe(200)
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([
    503,
    expect.stringContaining(`waiting for Kafka at 127.0.0.1:${kafka}`),
  ])
  const asked = await fetch(`${url}/api/v1/usage`)
  expect([asked.status, await asked.json()]).toMatchObject([503, { code: 'starting' }])
  const end = await ending(child)
  expect(end).toMatchObject({ code: 0 })
  expect(end.seconds).toBeLessThan(5)
})

it('stops when asked after its engine has broken down', async () => {
  const wattline = await startProcess({
    data,
    entry: `${ROOT}test/support/broken-engine-entry.ts`,
    environment: { WATTLINE_SHUTDOWN_GRACE: '3' },
  })
  process.kill(wattline.pid, 'SIGUSR2')
  const body = new Uint8Array(encodeTraces({ 'service.name': 'late' }, randomSpans(10)))
  const headers = { 'content-type': 'application/x-protobuf' }
  // An engine that broke down at one of its own queries has already closed the port.
  await fetch(`${wattline.otlp}/v1/traces`, { method: 'POST', headers, body }).catch(() => null)
  await eventually(
    async () => wattline.stderr.join('\n'),
    text => text.includes('engineBrokeDown'),
  )
  const idleSeconds = measureIdleSeconds()
  // Null: its watchdog has killed it, as on a machine too busy for an orderly end.
  expect([0, 1, null]).toContain(await wattline.end('SIGTERM'))
  expect(idleSeconds()).toBeLessThan(8)
})

it.each(['/proc/wattline', '/proc/self/wattline', '/dev/null/wattline', '/proc/1/a/b/c'].slice(0, runs(1)))(
  'refuses %s as a folder at once',
  async folder => {
    const start = startProcess({ data, environment: { WATTLINE_DATA: folder } })
    await expect(start).rejects.toThrow(
      /ended with 1[\s\S]*data_unusable: .*wattline|ended with 1[\s\S]*data_unusable/,
    )
  },
)

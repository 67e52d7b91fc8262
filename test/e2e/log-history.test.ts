// Guarantees: spans that are acknowledged after an older copy of the log was restored beside newer tables, or after the log
// was deleted, are all there; what is gone with the files is told in readiness, in metrics and by command; and an operator's
// word makes the instance ready again.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { encodeTraces } from '../support/otlp.ts'
import { eventually, startProcess, type WattlineProcess } from '../support/wattline-process.ts'

let data: string
let running: WattlineProcess | null = null
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wattline-history-'))
})
afterEach(async () => {
  await running?.end('SIGKILL')
  running = null
  rmSync(data, { recursive: true, force: true })
})

/** Each request becomes a record at once. */
const HASTE = { WATTLINE_GROUP_COMMIT_WAIT_MS: '5', WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '5' }

const start = async (environment = {}): Promise<WattlineProcess> => {
  running = await startProcess({ data, environment: { ...HASTE, ...environment } })
  return running
}

const SPANS = 20

/** So many requests, each a record or part of one. */
async function send({ otlp }: WattlineProcess, requests: number): Promise<void> {
  for (let i = 0; i < requests; i++) {
    const now = BigInt(Date.now()) * 1_000_000n
    const spans = Array.from({ length: SPANS }, () => ({
      traceId: randomBytes(16),
      spanId: randomBytes(8),
      name: 'work',
      startUnixNano: now,
      endUnixNano: now + 1_000n,
      attributes: {},
    }))
    const body = new Uint8Array(encodeTraces({ 'service.name': 'history' }, spans))
    const headers = { 'content-type': 'application/x-protobuf' }
    const response = await fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body })
    expect(response.status).toBe(200)
  }
}

const stored = async (process: WattlineProcess): Promise<number> =>
  Number((await process.sql<{ n: string }>('SELECT toString(count()) AS n FROM otel_traces'))[0]?.n)

const holds = (process: WattlineProcess, spans: number): Promise<number> =>
  eventually(
    () => stored(process),
    found => found >= spans,
  )

const readyz = async ({ http }: WattlineProcess): Promise<{ status: number; text: string }> => {
  const response = await fetch(`${http}/readyz`)
  return { status: response.status, text: await response.text() }
}

const command = (...args: string[]): string =>
  execFileSync(process.execPath, ['cli/wattline.cjs', 'losses', ...args], {
    env: { PATH: process.env['PATH'], WATTLINE_DATA: data },
    encoding: 'utf8',
    stdio: 'pipe',
  })

it('stores what comes after an older log was restored', { timeout: 120_000 }, async () => {
  let process = await start()
  await send(process, 10)
  await holds(process, 200)
  await process.end('SIGTERM')
  cpSync(join(data, 'log'), join(data, 'older'), { recursive: true })

  process = await start()
  await send(process, 20)
  await holds(process, 600)
  await process.end('SIGTERM')
  rmSync(join(data, 'log'), { recursive: true })
  cpSync(join(data, 'older'), join(data, 'log'), { recursive: true })

  process = await start()
  const { status, text } = await readyz(process)
  expect(text).toMatch(/is an older copy of itself, and everything that it held for the tables is stored/)
  expect(status).toBe(200)
  expect(process.stderr.join('\n')).toMatch(/lossFound/)
  await send(process, 20)
  expect(await holds(process, 1_000)).toBe(1_000)
  await process.end('SIGTERM')
})

it('tells of records that a deleted log had not stored yet, until that is accepted', {
  timeout: 120_000,
}, async () => {
  let process = await start()
  await send(process, 5)
  await holds(process, 100)
  await process.end('SIGTERM')
  // Taken in by a node without tables, and gone before anybody stored it.
  const alone = { WATTLINE_ROLES: 'collector', WATTLINE_FORWARD_URL: 'http://127.0.0.1:9' }
  process = await start(alone)
  await send(process, 3)
  await process.end('SIGTERM')
  rmSync(join(data, 'log'), { recursive: true })

  process = await start()
  await send(process, 5)
  expect(await holds(process, 200)).toBe(200)
  const { status, text } = await readyz(process)
  expect(status).toBe(503)
  expect(text).toMatch(
    /is gone: records that were acknowledged and not stored .*stream traces: 3 records, received 20/,
  )
  const metrics = await (await fetch(`${process.http}/metrics`)).text()
  expect(metrics).toMatch(/^wattline_lost_records\{stream="traces"\} 3$/m)
  expect(metrics).toMatch(/^wattline_losses\{state="lost"\} 1$/m)
  expect(command()).toMatch(/stream traces: 3 records/)
  command('--accept')
  await eventually(
    async () => (await readyz(process)).status,
    found => found === 200,
  )
  await process.end('SIGTERM')
  expect(command()).toMatch(/lost, accepted 20/)
})

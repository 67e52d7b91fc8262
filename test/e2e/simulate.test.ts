// Guarantees: a small fleet with all typical disturbances, sent by the command to a real process, is in its books to
// the microjoule, marked as simulated everywhere; and the check can fail: if one acknowledged request is dropped on the
// way, the command names the host and ends with 1. The command of docs/scaling.md works as printed.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SimulationReport } from '../../simulate/run.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const root = new URL('../../', import.meta.url).pathname
const data = mkdtempSync(join(tmpdir(), 'wattline-simulate-'))
let wattline: WattlineProcess

beforeAll(async () => {
  wattline = await startProcess({ data, environment: { WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100' } })
})

afterAll(async () => {
  await wattline.end('SIGTERM')
  rmSync(data, { recursive: true, force: true })
})

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** On a busy machine an insert takes seconds. */
const PATIENCE_MS = 180_000

const simulate = (otlp: string, ...options: readonly string[]): Promise<Outcome> =>
  new Promise(resolve => {
    const words = ['cli/wattline.cjs', 'simulate', '--otlp-url', otlp, '--url', wattline.http, ...options]
    execFile(process.execPath, words, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

const count = async (question: string): Promise<number> =>
  Number((await wattline.sql<{ n: string }>(`SELECT toString(count()) AS n FROM ${question}`))[0]!.n)

it('is booked to the microjoule, and marked', { timeout: PATIENCE_MS }, async () => {
  const fleet = ['--hosts', '6', '--workloads', '3', '--minutes', '8', '--interval', '10', '--gpus', '0.5']
  const trouble = ['--silent', '0.4', '--reboots', '0.3', '--late', '0.05', '--duplicates', '0.1']
  const load = ['--spans-per-second', '4', '--spans-per-request', '80', '--gzip', '--seed', '11']
  const { code, stdout, stderr } = await simulate(
    wattline.otlp,
    ...[...fleet, ...trouble, ...load, '--verify', '--format', 'json'],
  )
  expect(code, stderr).toBe(0)
  const report = JSON.parse(stdout) as SimulationReport & {
    readonly verdict: { readonly meteredUj: string; readonly differences: readonly unknown[] }
  }
  expect(report.verdict).toMatchObject({ differences: [], spansAcknowledged: 1920, spansStored: 1920 })
  expect(report.verdict.meteredUj).toBe(report.metered_uj)
  expect(Number(report.metered_uj)).toBeGreaterThan(1e9)
  expect(report.requests_sent_twice).toBeGreaterThan(0)
  expect(report.rejected).toBe(0)
  // Restarts leave parts of minutes unseen; none of this is treated as measured.
  expect(await count(`ledger WHERE startsWith(Host, '${report.host_prefix}')`)).toBeGreaterThan(300)
  expect(await count("ledger WHERE EnergyQuality NOT IN ('simulated', 'none')")).toBe(0)
  expect(await count("readings WHERE Quality != 'simulated' OR NOT startsWith(Source, 'simulated:')")).toBe(0)
  expect(await count("otel_traces WHERE ResourceAttributes['wattline.source'] != 'simulated'")).toBe(0)
  const usage = (await (await fetch(`${wattline.http}/api/v1/usage?window=1h`)).json()) as {
    readonly total: { readonly quality: Readonly<Record<string, number>> }
  }
  expect(usage.total.quality).toEqual({ measured: 0, interpolated: 0, estimated: 0, simulated: 1 })
})

it('detects that an acknowledged request never arrived', { timeout: PATIENCE_MS }, async () => {
  // Answers like the receiver and forwards everything, except the request before the last of one host.
  let seen = 0
  const front = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    if (body.includes('000001') && ++seen >= LAST_REQUESTS_FROM) {
      response.end()
      return
    }
    const headers = { 'content-type': String(request.headers['content-type']) }
    const answer = await fetch(`${wattline.otlp}${request.url}`, { method: 'POST', headers, body })
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve))
  try {
    const address = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
    const fromMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000
    const fleet = ['--hosts', '3', '--workloads', '1', '--minutes', '4', '--hosts-per-request', '1']
    const when = ['--from', new Date(fromMs).toISOString()]
    expect(await simulate(address, ...fleet, ...when)).toMatchObject({ code: 0 })
    const lastMinute = fromMs / 1000 + 180
    await eventually(
      () => count(`ledger WHERE Host LIKE 'sim-%-00000_' AND WindowStart = toDateTime(${lastMinute})`),
      entries => entries >= 2 * ENTRIES_A_MINUTE,
    )
    // Repeating the same samples changes nothing, and by now everything that arrived is in the books.
    seen = 0
    const again = ['--verify', '--verify-timeout', '1']
    const { code, stdout } = await simulate(address, ...fleet, ...when, ...again)
    expect(code).toBe(1)
    expect(stdout).toContain('THE BOOKS ARE WRONG on 1 of 3 hosts')
    expect(stdout).toMatch(/^sim-[0-9a-f]{8}-000001 +\d+ +\d+ +0 +-\d+ +0$/m)
  } finally {
    front.close()
    front.closeAllConnections()
  }
})

/** For a host: its workload, idle and unattributed, of CPU and memory. */
const ENTRIES_A_MINUTE = 6

/**
 * 49 rounds are sent in requests of 12, and one more that closes the windows: the last samples of the host are dropped.
 */
const LAST_REQUESTS_FROM = 4

it('prints what docs/scaling.md shows', { timeout: PATIENCE_MS }, async () => {
  const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8')
  const shown = [...page.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, block]) => block!)
  expect(shown.length).toBe(1)
  const script = shown[0]!.replaceAll('http://127.0.0.1:4318', wattline.otlp)
  const env = { ...process.env, WATTLINE_URL: wattline.http }
  const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: root, env })
  expect(stdout).toContain('The books match the meters on each of 2 hosts')
})

it('reports what is wrong with its options, and an unreachable server', async () => {
  const wrong = await simulate(wattline.otlp, '--hosts', '0', '--workloads', '1')
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Give an integer of at least 1'),
  })
  const gone = await simulate('http://127.0.0.1:1', '--hosts', '1', '--workloads', '1', '--give-up', '0.1')
  expect(gone).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^not_running: There is no OTLP receiver at http:\/\/127\.0\.0\.1:1 \(--otlp-url\): .*\. Start Wattline with/m,
    ),
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../support/random.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { audit } from './audit.ts'
import { meterClient, nothingAcknowledged, spanClient, type Target } from './clients.ts'

export interface CrashRun {
  readonly kills: number
  readonly seed: number
  /** Audit after each so many kills; the last audit is always made. */
  readonly auditEvery: number
  /** Another entry than the product's own, see without-repair.ts. */
  readonly entry?: string
  readonly log: (line: string) => void
  /** End at the first finding. */
  readonly stopAtFinding?: boolean
}

export interface CrashResult {
  readonly kills: number
  readonly acknowledgedSpans: number
  readonly acknowledgedBatches: number
  readonly findings: readonly string[]
}

/** How long an audit waits for the log to be stored: on a busy machine a thousand small records take a while. */
const AUDIT_MS = 120_000

const ENVIRONMENT = {
  // Many small records: more inserts in flight, more moments to be killed in.
  WATTLINE_GROUP_COMMIT_WAIT_MS: '10',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '20',
  // The last, unfinished minute of a host closes once it has been silent for as long as a gap may be.
  WATTLINE_METERING_IDLE_FLUSH: '8',
  WATTLINE_METERING_GAP: '12',
}

/**
 * Clients that repeat until they are acknowledged, and a process that is killed with SIGKILL at random moments, also
 * while it starts. Then what is in the tables is compared to what was acknowledged.
 */
export async function runCrashes(run: CrashRun): Promise<CrashResult> {
  const data = mkdtempSync(join(tmpdir(), 'wattline-crash-'))
  const random = seededRandom(run.seed)
  const target: Target = { otlp: null }
  const acknowledged = nothingAcknowledged()
  const findings: string[] = []
  const entry = run.entry === undefined ? {} : { entry: run.entry }
  const start = () => startProcess({ data, environment: ENVIRONMENT, ...entry })
  let kills = 0
  while (kills < run.kills && !(run.stopAtFinding === true && findings.length > 0)) {
    const until = Math.min(run.kills, kills + run.auditEvery)
    const clients = startClients(target, acknowledged, random)
    for (; kills < until; kills++) await killOnce(start, data, target, random)
    const wattline = await start()
    target.otlp = wattline.otlp
    await clients.stop()
    const found = await audit(wattline, acknowledged, AUDIT_MS)
    findings.push(...found)
    run.log(
      `${kills} kills, ${spansOf(acknowledged.batches)} spans acknowledged, ${findings.length} findings`,
    )
    for (const finding of found.slice(0, 10)) run.log(`  ${finding}`)
    if (found.length > 0) run.log(await stateOf(wattline))
    target.otlp = null
    const code = await wattline.end('SIGTERM')
    if (code !== 0) findings.push(`SIGTERM ended with ${code}: ${wattline.stderr.slice(-5).join(' ')}`)
  }
  if (findings.length === 0) rmSync(data, { recursive: true, force: true })
  else run.log(`the data folder is kept: ${data}`)
  const acknowledgedSpans = spansOf(acknowledged.batches)
  return { kills, acknowledgedSpans, acknowledgedBatches: acknowledged.batches.size, findings }
}

/** What a finding needs to be understood: is it lost, or is it waiting? */
async function stateOf(wattline: WattlineProcess): Promise<string> {
  const ready = await (await fetch(`${wattline.http}/readyz`)).text()
  const metrics = await (await fetch(`${wattline.http}/metrics`)).text()
  const lags = metrics.split('\n').filter(line => /^wattline_log_lag_records.* [1-9]/.test(line))
  return [ready, ...lags, ...wattline.stderr.slice(-20)].join('\n')
}

const spansOf = (batches: ReadonlyMap<string, number>): number =>
  [...batches.values()].reduce((total, size) => total + size, 0)

let hosts = 0

function startClients(
  target: Target,
  acknowledged: ReturnType<typeof nothingAcknowledged>,
  random: () => number,
) {
  const stop = new AbortController()
  const running = [
    spanClient(target, acknowledged, random, stop.signal),
    spanClient(target, acknowledged, random, stop.signal),
    spanClient(target, acknowledged, random, stop.signal),
    meterClient(`chaos-${hosts++}`, target, acknowledged, random, stop.signal),
  ]
  return {
    stop: async () => {
      stop.abort()
      await Promise.all(running)
    },
  }
}

/** How long an aimed kill waits for its moment before it comes anyway. */
const AIM_MS = 2_000
const AIM = new URL('aim.ts', import.meta.url).pathname

/**
 * One life: started, left alone for a random while, killed. Every second kill is aimed at the worst moment there is, the
 * one in which the engine has noted a token and not yet named its part.
 */
async function killOnce(
  start: () => Promise<WattlineProcess>,
  data: string,
  target: Target,
  random: () => number,
): Promise<void> {
  const wattline = await start()
  target.otlp = wattline.otlp
  await pause(random() * 1_200)
  if (random() < 0.5) await tokenWritten(join(data, 'warehouse', 'engine'), wattline.pid)
  target.otlp = null
  await wattline.end('SIGKILL')
}

/** Has the process killed the moment it writes a token. Resolves when that has happened, or has not for a while. */
async function tokenWritten(enginePath: string, pid: number): Promise<void> {
  const aim = spawn(process.execPath, [AIM, enginePath, String(pid)], { stdio: 'ignore' })
  const ended = once(aim, 'exit')
  await Promise.race([ended, pause(AIM_MS)])
  aim.kill('SIGKILL')
  await ended
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

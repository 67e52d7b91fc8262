/** The system as one process, with the embedded log and the embedded engine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Loss, readLosses } from '../../core/runtime/losses.ts'
import { freePorts } from '../support/kafka/kafka-server.ts'
import { eventually } from '../support/until.ts'
import { backUp } from './backup-fault.ts'
import { centreClock, clockFile, hostClock } from './clock-faults.ts'
import { fileFaults } from './file-faults.ts'
import { stateOf, stopped, untilNothingPends } from './lag.ts'
import { Marksman } from './marksman.ts'
import { Member } from './member.ts'
import type { OneProcess } from './one-process.ts'
import { killed, processFaults } from './process-faults.ts'
import { revise, ZONE } from './revisions.ts'
import { type Fault, pause, type Topology } from './topology.ts'

const ENVIRONMENT = {
  // Many small records: more inserts in flight, and more moments for kills.
  WATTLINE_GROUP_COMMIT_WAIT_MS: '10',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '20',
  // What all groups have read is dropped at once, not after an hour.
  WATTLINE_BROKER_RETENTION_TIME: '3',
  // The last, incomplete minute of a host closes once it has been silent for as long as a gap may be.
  WATTLINE_METERING_IDLE_FLUSH: '8',
  WATTLINE_METERING_GAP: '12',
  WATTLINE_FACTORS_ZONE: ZONE,
  // The audit adds what came late by itself: it compares minutes with days at different moments, between which nothing may be
  // booked. `npm run chaos:restating` audits how that is booked.
  WATTLINE_METERING_LATE_SETTLE: '86400',
  // Samples of a host whose clock is a day ahead are accepted, and judged by the meter.
  WATTLINE_LIMITS_FUTURE_SECONDS: '172800',
}

/** Longest time for a process to restart itself. */
const RESTART_MS = 15_000

/** `entry`: instead of the product's own, see without-repair.ts. */
export function embeddedTopology({ entry }: { readonly entry?: string } = {}): Topology {
  return new Embedded(entry)
}

class Embedded implements Topology, OneProcess {
  readonly target = { otlp: null as string | null, open: new Set<AbortController>() }
  readonly api = (): string | undefined => this.#member.process?.http
  readonly paceMs = 30
  readonly data = mkdtempSync(join(tmpdir(), 'wattline-chaos-'))
  readonly faults: readonly Fault[]
  readonly #entry: string | undefined
  readonly #environment = {
    ...ENVIRONMENT,
    NODE_OPTIONS: `--import=${new URL('clock.ts', import.meta.url).pathname}`,
    CHAOS_CLOCK_FILE: clockFile(this.data),
  }
  #member = new Member('wattline', { data: this.data, environment: this.#environment })
  #hasPorts = false
  readonly #marksman = new Marksman()
  /** Losses reported so far. */
  readonly #told = new Set<string>()
  /** Whether files were damaged in this run. */
  #isForced = false

  constructor(entry: string | undefined) {
    this.#entry = entry
    this.faults = [
      ...processFaults(this, { marksman: this.#marksman, environment: ENVIRONMENT }),
      ...fileFaults(this),
      backUp(this, ENVIRONMENT),
      centreClock(this),
      hostClock(4, () => killed(this)),
      revise(6, this.api, () => killed(this)),
    ]
  }

  readonly reader = {
    sql: <Row>(query: string): Promise<readonly Row[]> => {
      const { process } = this.#member
      if (process === null) return Promise.reject(new Error('the process is down'))
      // Tries again after a while: a process whose engine has broken down restarts itself.
      return process.sql<Row>(query).catch(() => pause(RESTART_MS).then(() => process.sql<Row>(query)))
    },
  }

  get member(): Member {
    return this.#member
  }

  async start(): Promise<void> {
    if (!this.#hasPorts) await this.#choosePorts()
    this.target.otlp = (await this.#member.start()).otlp
  }

  hideFromClients(): void {
    this.target.otlp = null
  }

  showToClients(): void {
    this.target.otlp = this.#member.process?.otlp ?? null
  }

  forceLosses(): void {
    this.#isForced = true
  }

  /** The same ports at every start: a process that restarts itself must be found. */
  async #choosePorts(): Promise<void> {
    const [http, otlpHttp, otlpGrpc] = await freePorts(3)
    const ports = {
      WATTLINE_LISTEN_HTTP: `${http}`,
      WATTLINE_LISTEN_OTLP_HTTP: `${otlpHttp}`,
      WATTLINE_LISTEN_OTLP_GRPC: `${otlpGrpc}`,
      WATTLINE_LISTEN_CLICKHOUSE: '0',
      WATTLINE_LISTEN_KEDA: '0',
    }
    this.#member = new Member('wattline', {
      data: this.data,
      environment: { ...this.#environment, ...ports },
      ...(this.#entry === undefined ? {} : { entry: this.#entry }),
    })
    this.#hasPorts = true
  }

  async settle(timeoutMs: number): Promise<void> {
    await untilNothingPends(() => this.#member.process?.http, timeoutMs)
    const isRestoring = async () => this.losses().some(({ state }) => state === 'restoring')
    await eventually(isRestoring, restoring => !restoring, timeoutMs)
  }

  async takeProblems(): Promise<string[]> {
    return [...this.#member.takeProblems(), ...(await stopped(this.#member)), ...this.#unforced()]
  }

  losses(): readonly Loss[] {
    return readLosses(this.data)
  }

  /** Reported losses that no fault of files caused. */
  #unforced(): readonly string[] {
    const fresh = this.losses().filter(({ id }) => !this.#told.has(id))
    for (const { id } of fresh) this.#told.add(id)
    const isForced = this.#isForced
    this.#isForced = false
    return isForced
      ? []
      : fresh.map(
          ({ what, extent }) => `told of a loss that nothing forced: ${what} ${JSON.stringify(extent)}`,
        )
  }

  async state(): Promise<string> {
    const { process } = this.#member
    return process === null ? 'the process is down' : stateOf(process.http, process.stderr)
  }

  memory(): ReadonlyMap<string, number> {
    return new Map([[this.#member.name, this.#member.peakBytes()]])
  }

  async stop(): Promise<void> {
    this.target.otlp = null
    await this.#member.stop()
  }

  async destroy(keep: boolean): Promise<string> {
    this.#marksman.end()
    await this.#member.kill()
    if (keep) return this.data
    rmSync(this.data, { recursive: true, force: true })
    return ''
  }
}

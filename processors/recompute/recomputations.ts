/**
 * Ranges that somebody wants computed again. Looking for differences runs here, host by host, and writes nothing. Booking them is the
 * work of processor `recompute`: a request is appended to the log for each of its partitions, survives restarts there, and is
 * done where the processors run; this object hears how far those of this process are.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { RecomputeAnswer } from '../../core/api/recompute.ts'
import { type Broker, RECORD_KIND } from '../../core/broker/broker.ts'
import { asWattlineError, WattlineError } from '../../core/catalogue/errors/errors.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import { lateReadings } from '../../core/model/streams/index.ts'
import type { LedgerRow } from '../../core/model/streams/ledger.ts'
import { type HostName, nextHosts } from './hosts.ts'
import { CANCEL_KIND, encodeRequest, REQUEST_KIND, type RecomputeRequest } from './requests.ts'
import { DifferenceSums } from './sums.ts'
import { catchingUpForMinutes } from './tables-have.ts'
import { type UnitOptions, workOff } from './unit.ts'

interface Job {
  readonly request: RecomputeRequest
  readonly apply: boolean
  readonly found: DifferenceSums
  readonly over: AbortController
  state: string
  problem: string | null
  hostsDone: number
  at: number | null
  /** When it was asked for. */
  readonly beganMs: number
  /** Partitions that have not ended yet. */
  readonly waiting: Set<number>
}

interface RecomputationsOptions {
  readonly broker: Pick<Broker, 'append' | 'lag' | 'partitions'>
  readonly now: () => number
}

/** Jobs that are kept once they are over. */
const MOST_JOBS = 100
const POLL_MS = 100

/** What is asked of it through the API. */
export class Recomputations {
  readonly #options: RecomputationsOptions
  readonly #jobs = new Map<string, Job>()
  #unit: UnitOptions | null = null

  constructor(options: RecomputationsOptions) {
    this.#options = options
  }

  /** What processors of this process compute with. */
  use(unit: UnitOptions): void {
    this.#unit = unit
  }

  async begin(asked: Omit<RecomputeRequest, 'id' | 'notBeforeMs'>, apply: boolean): Promise<RecomputeAnswer> {
    const { broker, now } = this.#options
    const id = `${new Date(now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z_${randomBytes(3).toString('hex')}`
    const partitions = broker.partitions(lateReadings.name)
    const job: Job = {
      request: { ...asked, id, notBeforeMs: 0 },
      apply,
      found: new DifferenceSums(),
      over: new AbortController(),
      state: 'running',
      problem: null,
      hostsDone: 0,
      at: null,
      beganMs: now(),
      waiting: new Set(apply ? Array.from({ length: partitions }, (_, partition) => partition) : []),
    }
    this.#jobs.set(id, job)
    for (const [old, { state }] of this.#jobs) {
      if (this.#jobs.size > MOST_JOBS && state !== 'running') this.#jobs.delete(old)
    }
    if (apply) await this.#append(job, REQUEST_KIND)
    else void this.#look(job)
    return this.get(id)
  }

  /** @throws not_found */
  get(id: string): RecomputeAnswer {
    const { request, apply, found, state, problem, hostsDone, at, beganMs } = this.#job(id)
    // Prices are of entries alone, which are of closed minutes.
    const openMs = request.reason === 'recomputed' ? (this.#unit?.openMs ?? 0) : 0
    const againMs = request.to * 1000 + openMs
    return {
      id,
      apply,
      from: isoTime(request.from),
      to: isoTime(request.to),
      tenant: request.tenant,
      host: request.host,
      state,
      problem,
      hosts_done: hostsDone,
      at: at === null ? null : isoTime(at),
      entries: found.entries,
      differences: found.list(),
      truncated: found.isTruncated,
      again_at: openMs > 0 && againMs > beganMs ? isoTime(Math.ceil(againMs / 60_000) * 60) : null,
    }
  }

  /** The latest first. */
  list(): readonly RecomputeAnswer[] {
    return [...this.#jobs.keys()].reverse().map(id => this.get(id))
  }

  /** Ends a job. What is booked stays booked. @throws not_found */
  async cancel(id: string): Promise<RecomputeAnswer> {
    const job = this.#job(id)
    if (job.state !== 'running') return this.get(id)
    if (job.apply) await this.#append(job, CANCEL_KIND)
    job.over.abort()
    job.state = 'cancelled'
    return this.get(id)
  }

  /** Hears that a partition has booked something. */
  progressed(
    id: string,
    entries: readonly LedgerRow[],
    done: { readonly at: number; readonly isHost: boolean },
  ): void {
    const job = this.#jobs.get(id)
    if (job === undefined) return
    job.found.add(entries)
    job.at = done.at
    if (done.isHost) job.hostsDone += 1
  }

  /** Hears that a partition has done what it had to do. */
  ended(id: string, partition: number): void {
    const job = this.#jobs.get(id)
    if (job === undefined) return
    job.waiting.delete(partition)
    if (job.waiting.size === 0 && job.state === 'running') job.state = 'done'
  }

  close(): void {
    for (const { over } of this.#jobs.values()) over.abort()
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id)
    if (job !== undefined) return job
    throw new WattlineError('not_found', `This process knows of no recomputation ${id.slice(0, 100)}.`)
  }

  /** To every partition: each has some of the hosts. */
  async #append({ request }: Job, kind: string): Promise<void> {
    const { broker, now } = this.#options
    const record = { value: encodeRequest(request), headers: { [RECORD_KIND]: kind }, timestampMs: now() }
    for (let partition = 0; partition < broker.partitions(lateReadings.name); partition += 1) {
      await broker.append(lateReadings.name, partition, [record])
    }
  }

  async #look(job: Job): Promise<void> {
    try {
      await this.#lookInto(job)
      if (job.state === 'running') job.state = 'done'
    } catch (error) {
      if (job.over.signal.aborted) return
      job.state = 'failed'
      job.problem = asWattlineError(error, 'invariant_broken').toString()
    }
  }

  async #lookInto(job: Job): Promise<void> {
    const unit = this.#unit
    if (unit === null) throw new WattlineError('not_found', 'This process does not run the processors.')
    const { broker, now } = this.#options
    const { request, found, over } = job
    const tables = catchingUpForMinutes(broker)
    while (!(await tables.isDone())) await delay(POLL_MS, undefined, { signal: over.signal })
    let cursor: (HostName & { readonly done: number }) | null = null
    for (;;) {
      const page = await nextHosts(
        unit.tools.statements,
        { ...request, cursor, entries: 0 },
        () => true,
        unit.tools.rules,
      )
      for (const { tenant, host, from } of page.hosts) {
        for (let at = from; at < request.to; ) {
          over.signal.throwIfAborted()
          const one = { tenant, host, from: at, to: request.to, closedTo: 0, reason: request.reason }
          const done = await workOff(unit, one, now())
          found.add(done.entries)
          job.at = done.to
          if (done.isOpen) break
          at = done.to
        }
        job.hostsDone += 1
        cursor = { tenant, host, done: request.to }
      }
      if (page.isLast) return
    }
  }
}

/**
 * The loop: load, one seeded fault after the other, and an occasional audit. It does not know the parts of a topology;
 * the seed decides which fault happens, to whom and when. See README.md.
 */
import type { Loss } from '../../core/runtime/losses.ts'
import { startClients } from '../support/clients.ts'
import { seededRandom } from '../support/random.ts'
import { type Acknowledged, spansOf } from './acknowledged.ts'
import { audit, type Reader } from './audit.ts'
import { auditLostSpans, isTold, type Told, toldBy } from './audit-losses.ts'
import { auditAll, auditSpans } from './audit-spans.ts'
import type { HostClock } from './meter-clients.ts'
import { type Revision, reviseAll } from './revisions.ts'
import { drawFault, type Fault, nextInTurn, pause, type Topology } from './topology.ts'

export interface ChaosRun {
  readonly topology: Topology
  readonly seed: number
  readonly runs: number
  /** Number of the first run: a single run is repeated by its number. */
  readonly first?: number
  /** Audit after this number of runs; the last audit always happens. */
  readonly auditEvery: number
  /** Only faults with these names. */
  readonly only?: readonly string[]
  /** Each fault happens equally often, in a random order for each round, instead of by its weight. */
  readonly isEven?: boolean
  readonly stopAtFinding?: boolean
  readonly log: (line: string) => void
  /** Called after an audit without findings, with the expected data: for tests of the audit itself. */
  readonly onAudited?: (reader: Reader, acknowledged: Acknowledged) => Promise<void>
}

export interface ChaosResult {
  readonly runs: number
  /** Fault -> how often it happened. */
  readonly faults: ReadonlyMap<string, number>
  readonly acknowledgedSpans: number
  readonly acknowledgedBatches: number
  readonly unansweredBatches: number
  readonly acknowledgedSamples: number
  readonly audits: number
  readonly findings: readonly string[]
  /** Name of a process -> largest memory of its own, bytes. */
  readonly memory: ReadonlyMap<string, number>
}

/** How long an audit waits for the log to be stored: on a busy machine a thousand small records take a while. */
const AUDIT_MS = 180_000
/** Time after a fault within which clients must be served again. */
const RECOVERY_MS = 90_000
/** Requests that must be acknowledged between two faults: each run moves data. */
const SERVED = 5
/** Memory of one process above which it counts as unlimited: data of the load is a small part of it. */
const MEMORY_BYTES = 1_500_000_000

export async function runChaos(run: ChaosRun): Promise<ChaosResult> {
  return new Harness(run).run()
}

/** Some runs under one load. */
interface Epoch {
  readonly acknowledged: Acknowledged
  /** Losses reported before it began: they are unrelated to its data. */
  readonly before: ReadonlySet<string>
}

class Harness {
  readonly #run: ChaosRun
  readonly #faults = new Map<string, number>()
  readonly #epochs: Epoch[] = []
  readonly #findings: string[] = []
  /** Of intensities. Each load begins with one of all times, so that earlier ones do not matter to it. */
  readonly #revisions: Revision[] = []
  /** All losses ever reported: the system keeps some hundred of them. */
  readonly #losses = new Map<string, Loss>()
  #audits = 0
  #done = 0

  constructor(run: ChaosRun) {
    this.#run = run
  }

  async run(): Promise<ChaosResult> {
    const { topology, log } = this.#run
    try {
      await topology.start()
      while (this.#done < this.#run.runs && !this.#isOver()) await this.#epoch()
      if (this.#findings.length === 0) await this.#finish()
    } catch (error) {
      this.#find([`the run broke off: ${error instanceof Error ? (error.stack ?? error.message) : error}`])
    }
    const memory = topology.memory()
    for (const [name, bytes] of memory) {
      if (bytes > MEMORY_BYTES) this.#find([`${name} used ${Math.round(bytes / 1e6)} MB of memory`])
    }
    const kept = await topology.destroy(this.#findings.length > 0)
    if (kept !== '') log(`the data is kept: ${kept}`)
    return this.#result(memory)
  }

  #isOver(): boolean {
    return this.#run.stopAtFinding === true && this.#findings.length > 0
  }

  /** Some runs under one load, and the audit of what was acknowledged in them. */
  async #epoch(): Promise<void> {
    const { topology, seed, runs, first = 0, auditEvery, log, onAudited } = this.#run
    const epoch = this.#epochs.length
    await reviseAll(topology.api, this.#revisions, seededRandom(seed * 1_009 + this.#done))
    const clients = startClients(topology.target, {
      revisions: this.#revisions,
      spans: 3,
      meters: [0, 1].map(number => `chaos-${first}-${epoch}-${number}`),
      clocked: [`chaos-${first}-${epoch}-clocked`],
      seed: seed + epoch,
      service: `chaos-${first}-${epoch}`,
      paceMs: topology.paceMs,
      closing: epoch % 2 === 0,
    })
    const { acknowledged, clocks } = clients
    const begun = { acknowledged, before: new Set(this.#told().keys()) }
    this.#epochs.push(begun)
    const until = Math.min(runs, this.#done + auditEvery)
    try {
      for (; this.#done < until && !this.#isOver(); this.#done++) {
        await this.#one(first + this.#done, begun, clocks)
      }
    } finally {
      await clients.stop(RECOVERY_MS)
    }
    if (this.#isOver()) return log(await topology.state())
    await topology.settle(AUDIT_MS).catch(error => this.#find([String(error)]))
    const audited = await audit(topology.reader, acknowledged, AUDIT_MS, this.#toldSince(begun))
    const found = [...audited, ...(await this.#auditLosses())]
    this.#audits += 1
    this.#find([...found, ...(await topology.takeProblems())])
    log(
      `${this.#done} runs, ${this.#spans()} spans acknowledged, audit ${this.#audits}: ${found.length} findings`,
    )
    if (found.length > 0) log(await topology.state())
    else await onAudited?.(topology.reader, acknowledged)
  }

  /** One fault at its moment; ends when clients are served again. */
  async #one(number: number, epoch: Epoch, clocks: readonly HostClock[]): Promise<void> {
    const { topology, seed, log } = this.#run
    const { acknowledged } = epoch
    const random = seededRandom(seed * 1_000_003 + number)
    const fault = this.#fault(number, random)
    const started = Date.now()
    await pause(random() * 600)
    const client = { target: topology.target, acknowledged, random, stop: new AbortController().signal }
    const what = await fault.inject({ random, client, clocks, told: () => this.#toldSince(epoch) })
    const injected = Date.now()
    await this.#served(acknowledged)
    this.#faults.set(fault.name, (this.#faults.get(fault.name) ?? 0) + 1)
    log(
      `run ${number} ${fault.name}: ${what} (${injected - started} ms, served again after ${Date.now() - injected} ms)`,
    )
    this.#find(await topology.takeProblems())
  }

  #fault(number: number, random: () => number): Fault {
    const { topology, seed, only, isEven = false } = this.#run
    const faults = topology.faults.filter(({ name }) => only === undefined || only.includes(name))
    return isEven ? nextInTurn(faults, seed, number) : drawFault(faults, random)
  }

  async #served({ batches, meters }: Acknowledged): Promise<void> {
    const count = (): number =>
      batches.size + [...meters.values()].reduce((sum, meter) => sum + meter.acknowledged.size, 0)
    const wanted = count() + SERVED
    const deadline = Date.now() + RECOVERY_MS
    while (count() < wanted) {
      if (Date.now() > deadline)
        throw new Error(`clients were not served within ${RECOVERY_MS} ms of the fault`)
      await pause(10)
    }
  }

  /** A complete second audit: late duplicates, or data lost by a later fault, show here. */
  async #finish(): Promise<void> {
    const { topology, log } = this.#run
    await topology.settle(AUDIT_MS)
    for (const epoch of this.#epochs) {
      this.#find(await audit(topology.reader, epoch.acknowledged, AUDIT_MS, this.#toldSince(epoch)))
    }
    this.#find(await this.#auditLosses())
    this.#find(await auditAll(topology.reader, this.#acknowledged()))
    this.#audits += 1
    await topology.stop()
    this.#find(await topology.takeProblems())
    log(`last audit of everything: ${this.#findings.length} findings`)
  }

  #find(findings: readonly string[]): void {
    this.#findings.push(...findings)
    for (const finding of findings.slice(0, 10)) this.#run.log(`  FINDING ${finding}`)
    if (findings.length > 10) this.#run.log(`  and ${findings.length - 10} more`)
  }

  /** All losses reported so far, each in its latest version. */
  #told(): ReadonlyMap<string, Loss> {
    for (const loss of this.#run.topology.losses?.() ?? []) this.#losses.set(loss.id, loss)
    return this.#losses
  }

  #toldSince({ before }: Epoch): Told {
    return toldBy([...this.#told().values()].filter(({ id }) => !before.has(id)))
  }

  /** Spans of all loads compared with all reported losses: data lost now may belong to an earlier load. */
  async #auditLosses(): Promise<string[]> {
    const told = toldBy([...this.#told().values()])
    if (isTold(told)) {
      for (const epoch of this.#epochs) await auditSpans(this.#run.topology.reader, epoch.acknowledged, told)
    }
    return auditLostSpans(this.#acknowledged(), told)
  }

  #acknowledged = (): Acknowledged[] => this.#epochs.map(({ acknowledged }) => acknowledged)

  #spans = (): number => this.#acknowledged().reduce((sum, { batches }) => sum + spansOf(batches), 0)

  #result(memory: ReadonlyMap<string, number>): ChaosResult {
    const count = (of: (epoch: Acknowledged) => number): number =>
      this.#acknowledged().reduce((sum, epoch) => sum + of(epoch), 0)
    return {
      runs: this.#done,
      faults: this.#faults,
      acknowledgedSpans: this.#spans(),
      acknowledgedBatches: count(({ batches }) => batches.size),
      unansweredBatches: count(({ unanswered }) => unanswered.size),
      acknowledgedSamples: count(({ meters }) =>
        [...meters.values()].reduce((sum, meter) => sum + meter.acknowledged.size, 0),
      ),
      audits: this.#audits,
      findings: this.#findings,
      memory,
    }
  }
}

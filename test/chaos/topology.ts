import type { Loss } from '../../core/runtime/losses.ts'
import { seededRandom } from '../support/random.ts'
import type { Reader } from './audit.ts'
import type { Told } from './audit-losses.ts'
import type { Client, Target } from './exchange.ts'
import type { HostClock } from './meter-clients.ts'

/** What the faults of one run may use. */
export interface FaultContext {
  /** Random numbers from the seed of this run only. */
  readonly random: () => number
  /** The current load, for faults of clients. */
  readonly client: Client
  /** For the hosts in the clients' own time. */
  readonly clocks: readonly HostClock[]
  /** Reported losses of data of this load. */
  readonly told: () => Told
}

/** One kind of fault. It returns after everything it took away is restored. */
export interface Fault {
  readonly name: string
  /** Its frequency, relative to the others. */
  readonly weight: number
  /** Resolves with a short description of what was done. */
  inject(context: FaultContext): Promise<string>
}

/** A running system, and what can happen to it. */
export interface Topology {
  readonly faults: readonly Fault[]
  /** Where clients send. */
  readonly target: Target
  /** Base address of the API; undefined while it is down. */
  readonly api: () => string | undefined
  /** Longest pause of a client between two requests: what two cores can carry besides everything else. */
  readonly paceMs: number
  /** Starts everything; resolves when clients can send. */
  start(): Promise<void>
  /**
   * Resolves when all accepted data is in its tables, as far as the system reports; rejects when that takes too long.
   */
  settle(timeoutMs: number): Promise<void>
  /** For the auditor. */
  readonly reader: Reader
  /** Losses reported so far; absent: there can be none. */
  losses?(): readonly Loss[]
  /** Unexpected problems since the last call: processes that ended, partitions that stopped. */
  takeProblems(): Promise<string[]>
  /** Information that helps to understand a finding. */
  state(): Promise<string>
  /** Name of a process -> largest memory of its own, bytes. */
  memory(): ReadonlyMap<string, number>
  /** Stops everything with SIGTERM; its problems are returned by `takeProblems`. */
  stop(): Promise<void>
  /** Ends whatever is left; `keep` leaves the data folders. Resolves with what is kept. */
  destroy(keep: boolean): Promise<string>
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** A fault by its weight. */
export function drawFault(faults: readonly Fault[], random: () => number): Fault {
  const total = faults.reduce((sum, { weight }) => sum + weight, 0)
  let at = random() * total
  for (const fault of faults) {
    at -= fault.weight
    if (at < 0) return fault
  }
  return faults[faults.length - 1] as Fault
}

/** Each of them once per round, in a random order. */
export function nextInTurn(faults: readonly Fault[], seed: number, run: number): Fault {
  const round = Math.floor(run / faults.length)
  const random = seededRandom(seed * 1_009 + round)
  const order = faults.map(fault => ({ fault, key: random() })).toSorted((a, b) => a.key - b.key)
  return order[run % faults.length]?.fault as Fault
}

/** One of them. */
export const drawOne = <T>(items: readonly T[], random: () => number): T =>
  items[Math.floor(random() * items.length)] as T

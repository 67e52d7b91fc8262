import type { Loss } from '../../core/runtime/losses.ts'
import { seededRandom } from '../support/random.ts'
import type { Reader } from './audit.ts'
import type { Told } from './audit-losses.ts'
import type { Client, Target } from './exchange.ts'
import type { HostClock } from './meter-clients.ts'

/** What the faults of one run may use. */
export interface FaultContext {
  /** Draws from the seed of this run alone. */
  readonly random: () => number
  /** The load that is on, for faults of clients. */
  readonly client: Client
  /** Of the hosts that live in the clients' own time. */
  readonly clocks: readonly HostClock[]
  /** What was told to be lost of the data of this load. */
  readonly told: () => Told
}

/** One kind of fault. It returns when everything that it took away is there again. */
export interface Fault {
  readonly name: string
  /** How often it comes, in proportion to the others. */
  readonly weight: number
  /** Resolves with what was done, in a few words. */
  inject(context: FaultContext): Promise<string>
}

/** A running system, and what can happen to it. */
export interface Topology {
  readonly faults: readonly Fault[]
  /** Where clients send. */
  readonly target: Target
  /** Longest pause of a client between two requests: what two cores carry beside all else. */
  readonly paceMs: number
  /** Starts everything; resolves when clients can send. */
  start(): Promise<void>
  /** Resolves when all that was taken in is in its tables, as far as the system itself says; rejects when that takes too long. */
  settle(timeoutMs: number): Promise<void>
  /** For the auditor. */
  readonly reader: Reader
  /** What was told to be lost so far; absent: nothing can be. */
  losses?(): readonly Loss[]
  /** What went wrong without having been asked for, since the last time: processes that ended, partitions that stopped. */
  takeProblems(): Promise<string[]>
  /** What helps to understand a finding. */
  state(): Promise<string>
  /** Name of a process -> largest memory of its own, bytes. */
  memory(): ReadonlyMap<string, number>
  /** Stops everything with SIGTERM; the problems of that come with `takeProblems`. */
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

/** Run by run each of them once, in an order that is drawn for each round. */
export function nextInTurn(faults: readonly Fault[], seed: number, run: number): Fault {
  const round = Math.floor(run / faults.length)
  const random = seededRandom(seed * 1_009 + round)
  const order = faults.map(fault => ({ fault, key: random() })).toSorted((a, b) => a.key - b.key)
  return order[run % faults.length]?.fault as Fault
}

/** One of them. */
export const drawOne = <T>(items: readonly T[], random: () => number): T =>
  items[Math.floor(random() * items.length)] as T

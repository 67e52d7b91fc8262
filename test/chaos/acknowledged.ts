/**
 * What was acknowledged to clients, and what their meters counted: the auditor knows nothing else. Nothing here queries
 * the product.
 */

import type { Revision } from './revisions.ts'

/** The ledger's windows. */
const WINDOW_NS = 60_000_000_000n

export interface Acknowledged {
  /** `service.name` of its spans: separates the load of one part of a long run from another. */
  readonly service: string
  /** Attempt (`client-batch/attempt`) -> number of spans in it, for acknowledged attempts. */
  readonly batches: Map<string, number>
  /** When they were acknowledged, unix milliseconds. */
  readonly times: Map<string, number>
  /** What the last audit did not find. */
  missing: MissingSpans
  /** Attempts with an unknown outcome: each may be in the table complete and once, or not at all. */
  readonly unanswered: Map<string, number>
  /** Host -> what its meter counted in acknowledged samples. */
  readonly meters: Map<string, Meter>
  /** Acknowledged revisions of intensities, in order; the first covers everything. Empty: carbon is not audited. */
  readonly revisions: Revision[]
}

export interface MissingSpans {
  readonly acknowledged: readonly { readonly spans: number; readonly acknowledgedMs: number }[]
  /** Spans of attempts that may have been stored. */
  readonly unanswered: number
}

export const nothingAcknowledged = (service = 'chaos', revisions: Revision[] = []): Acknowledged => ({
  service,
  batches: new Map(),
  times: new Map(),
  missing: { acknowledged: [], unanswered: 0 },
  unanswered: new Map(),
  meters: new Map(),
  revisions,
})

/**
 * One host's meter as the client read it: its counts, split at the minutes. An interval between two samples is spread
 * evenly in time; a remaining microjoule goes to the largest remainder, or to the earlier minute of equal ones.
 */
export class Meter {
  /** Last sample minus first, µJ. */
  total = 0n
  /** Window (minutes since 1970) -> µJ. */
  readonly minutes = new Map<number, bigint>()
  /** Sample time, ns since 1970 -> attempts that may have been stored, and whether one was acknowledged. */
  readonly samples = new Map<bigint, { tries: number; isAcknowledged: boolean }>()
  /** `sample/attempt` of acknowledged attempts, and of unanswered ones. */
  readonly acknowledged = new Set<string>()
  readonly unanswered = new Set<string>()
  #last: { readonly timeNano: bigint; readonly energyUj: bigint } | null = null

  /** An attempt for a sample: certainly stored, or possibly. */
  tried(timeNano: bigint, id: string, isAcknowledged: boolean): void {
    const tries = this.samples.get(timeNano)?.tries ?? 0
    this.samples.set(timeNano, { tries: tries + 1, isAcknowledged })
    ;(isAcknowledged ? this.acknowledged : this.unanswered).add(id)
  }

  /** A sample that was finally acknowledged; in order of time. */
  add(timeNano: bigint, energyUj: bigint): void {
    const before = this.#last
    this.#last = { timeNano, energyUj }
    if (before === null) return
    const counted = energyUj - before.energyUj
    this.total += counted
    for (const { window, amount } of cut(counted, before.timeNano, timeNano)) {
      this.minutes.set(window, (this.minutes.get(window) ?? 0n) + amount)
    }
  }
}

interface Part {
  readonly window: number
  readonly amount: bigint
}

/** Largest remainder: every part is rounded down; the rest goes one by one to the parts that lost most. */
export function cut(amount: bigint, fromNano: bigint, toNano: bigint): Part[] {
  const length = toNano - fromNano
  const parts: { window: number; amount: bigint; remainder: bigint }[] = []
  let left = amount
  for (let at = fromNano; at < toNano; ) {
    const edge = (at / WINDOW_NS + 1n) * WINDOW_NS
    const end = edge < toNano ? edge : toNano
    const share = amount * (end - at)
    parts.push({ window: Number(at / WINDOW_NS), amount: share / length, remainder: share % length })
    left -= share / length
    at = end
  }
  for (const part of parts.toSorted((a, b) =>
    a.remainder === b.remainder ? 0 : a.remainder > b.remainder ? -1 : 1,
  )) {
    if (left === 0n) break
    part.amount += 1n
    left -= 1n
  }
  return parts
}

export const spansOf = (batches: ReadonlyMap<string, number>): number =>
  [...batches.values()].reduce((total, size) => total + size, 0)

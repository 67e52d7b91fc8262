/** What every part of an evaluation shares. */
import type { Notes } from '../model/annotations.ts'
import { PromqlError } from '../model/errors.ts'
import { dropMetadata, type Labels } from '../model/labels.ts'
import { type Block, emptyBlock } from '../series/block.ts'
import type { Features } from '../syntax/features.ts'

/** How much a query may use. */
export interface Control {
  /** Samples held at once: those read for a slice, and those of intermediate results. */
  readonly maxSamples?: number
  /** Samples of the answer. */
  readonly maxResultPoints?: number
  /** On the clock of `Date.now()`. */
  readonly deadlineMs?: number
  /** Asked often; true when the client went away. */
  readonly cancelled?: () => boolean
  /** Count samples by step as well. */
  readonly perStep?: boolean
}

/** Prometheus' own default. */
const DEFAULT_MAX_SAMPLES = 50_000_000

/** Calls between two looks at the clock. */
const CHECK_EVERY = 256

/** Counts samples and watches the time. */
export class SampleBudget {
  readonly #maxSamples: number
  readonly #control: Control
  #held = 0
  #peak = 0
  #calls = 0

  constructor(control: Control) {
    this.#control = control
    this.#maxSamples = control.maxSamples ?? DEFAULT_MAX_SAMPLES
  }

  get held(): number {
    return this.#held
  }

  get peak(): number {
    return this.#peak
  }

  /** Notes that samples are about to be held. Throws where they would be too many. */
  hold(samples: number): void {
    this.#held += samples
    if (this.#held > this.#peak) this.#peak = this.#held
    if (this.#held <= this.#maxSamples) return
    throw new PromqlError(
      'limit',
      `the query needs more than ${this.#maxSamples} samples at once: select fewer series, or a shorter range`,
    )
  }

  /** Goes back to what was held before, and a result. */
  release(before: number, result = 0): void {
    this.#held = before
    this.hold(result)
  }

  /** Throws when the time is up or the client is gone. Cheap: call it for every series. */
  check(): void {
    this.#calls += 1
    if (this.#calls % CHECK_EVERY === 0) this.checkNow()
  }

  checkNow(): void {
    const { deadlineMs, cancelled } = this.#control
    if (cancelled?.() === true) throw new PromqlError('canceled', 'the query was canceled')
    if (deadlineMs !== undefined && Date.now() >= deadlineMs) {
      throw new PromqlError('timeout', 'the query ran out of time: select fewer series, or a longer step')
    }
  }
}

export interface Environment {
  readonly notes: Notes
  readonly features: Features
  readonly lookbackMs: number
  readonly budget: SampleBudget
  /** Results that follow from an array of label sets alone: worked out once a query. */
  readonly memo: Memo
}

/** Remembers what was made of an array, by a key of the place that made it. */
export class Memo {
  readonly #results = new Map<object, WeakMap<object, unknown>>()

  of<T extends object>(place: object, labels: readonly Labels[], make: () => T): T {
    let byLabels = this.#results.get(place)
    if (byLabels === undefined) {
      byLabels = new WeakMap()
      this.#results.set(place, byLabels)
    }
    const known = byLabels.get(labels) as T | undefined
    if (known !== undefined) return known
    const made = make()
    byLabels.set(labels, made)
    return made
  }
}

const DROPPED = {}
const ALL_DROP = {}

/**
 * The labels of rows whose values no longer mean what the name says: without name now, or marked so that they lose it at the end of the
 * query.
 */
export function namesDropped(
  env: Environment,
  labels: readonly Labels[],
): { labels: readonly Labels[]; dropsName: readonly boolean[] | undefined } {
  if (env.features.delayedNameRemoval) {
    return { labels, dropsName: env.memo.of(ALL_DROP, labels, () => labels.map(() => true)) }
  }
  return { labels: env.memo.of(DROPPED, labels, () => labels.map(dropMetadata)), dropsName: undefined }
}

/** A block without samples, counted before it is there: a query that asks for too much must not get the memory first. */
export function newBlock(
  env: Environment,
  labels: readonly Labels[],
  steps: number,
  dropsName?: readonly boolean[],
): Block {
  env.budget.hold(labels.length * steps)
  return emptyBlock(labels, steps, dropsName)
}

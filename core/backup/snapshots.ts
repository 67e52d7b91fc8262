/** The snapshots of a running process: one at a time, kept while its client keeps asking for it, until it is copied. */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import type { SnapshotAnswer } from '../api/answers.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Lifecycle } from '../runtime/lifecycle.ts'
import { dropSnapshot, dropSnapshots, type Opened, takeSnapshot } from './snapshot.ts'

/**
 * A snapshot keeps disk space of parts that have been merged or have expired since; it is dropped when no client asks
 * for it.
 */
const LEASE_MS = 15_000

interface LeasedSnapshot {
  answer: SnapshotAnswer
  readonly parts: string | null
  readonly done: Promise<void>
  /** Why copying the log failed. */
  failure: unknown
  timer: NodeJS.Timeout
}

/** Takes one snapshot at a time and drops it when no client has asked for it for `LEASE_MS`. */
export class Snapshots {
  readonly #opened: Opened
  readonly #now: () => number
  #held: LeasedSnapshot | null = null
  #taking = false

  private constructor(opened: Opened, now: () => number) {
    this.#opened = opened
    this.#now = now
  }

  static async open(opened: Opened, now: () => number = Date.now): Promise<Snapshots> {
    await dropSnapshots(opened.data)
    return new Snapshots(opened, now)
  }

  static start(lifecycle: Lifecycle, opened: Opened): Promise<Snapshots> {
    return lifecycle.start(
      'snapshots',
      () => Snapshots.open(opened),
      snapshots => snapshots.close(),
    )
  }

  /** Takes a snapshot; it can be copied once it is ready. @throws snapshot_busy while there is another one */
  async take(): Promise<SnapshotAnswer> {
    if (this.#taking || this.#held !== null) {
      throw new WattlineError('snapshot_busy', 'Another backup of this process is running.')
    }
    this.#taking = true
    const id = snapshotId(this.#now())
    try {
      const { snapshot, done } = await takeSnapshot(this.#opened, id, this.#now())
      const { takenAt, heldMs, parts } = snapshot
      const answer = {
        id,
        taken_at: takenAt,
        held_ms: heldMs,
        data: resolve(this.#opened.data),
        ready: false,
      }
      const held: LeasedSnapshot = { answer, parts, done, failure: null, timer: this.#lease(id) }
      this.#held = held
      done.then(
        () => {
          held.answer = { ...answer, ready: true }
        },
        (error: unknown) => {
          held.failure = error
        },
      )
      return answer
    } catch (error) {
      await dropSnapshot(this.#opened.data, { id, parts: null })
      throw error
    } finally {
      this.#taking = false
    }
  }

  /** Keeps the snapshot. @throws snapshot_gone; or the error of copying the log */
  renew(id: string): SnapshotAnswer {
    const held = this.#of(id)
    if (held.failure !== null) throw held.failure
    clearTimeout(held.timer)
    held.timer = this.#lease(id)
    return held.answer
  }

  /** Drops the snapshot. @throws snapshot_gone */
  async drop(id: string): Promise<SnapshotAnswer> {
    const { answer, parts, timer, done } = this.#of(id)
    clearTimeout(timer)
    this.#held = null
    await done.catch(() => undefined)
    await dropSnapshot(this.#opened.data, { id, parts })
    return answer
  }

  async close(): Promise<void> {
    if (this.#held !== null) await this.drop(this.#held.answer.id)
  }

  #of(id: string): LeasedSnapshot {
    if (this.#held?.answer.id === id) return this.#held
    throw new WattlineError('snapshot_gone', `This process has no snapshot ${id.slice(0, 100)}.`)
  }

  #lease(id: string): NodeJS.Timeout {
    return setTimeout(() => void this.drop(id).catch(() => undefined), LEASE_MS).unref()
  }
}

/**
 * Sorts by time. Uses only letters, digits and underscores: the engine writes other characters in folder names as %2D.
 */
const snapshotId = (nowMs: number): string =>
  `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z_${randomBytes(3).toString('hex')}`

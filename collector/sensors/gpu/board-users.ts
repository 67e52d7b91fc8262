/** Who holds a board, and counters of what each of them used. Pure state. */
import type { GroupIdentity } from '../proc/group-table.ts'
import type { GpuProcess } from './snapshot.ts'

/** A workload on a board or instance; without a workload it is the board or instance itself, whoever uses it. */
export interface GpuUser {
  readonly device: string
  readonly group: GroupIdentity | undefined
  /** Time used, millionths of a µs, now and at the last snapshot. */
  readonly usedPpmUs: bigint
  readonly beforePpmUs: bigint
  readonly memoryBytes: bigint | null
  readonly isHeld: boolean
  /** It did not hold the board at the last snapshot. */
  readonly isNew: boolean
  /** Increased when it returns after it was forgotten: its counter is new then. */
  readonly generation: number
}

type KeptUser = { -readonly [Key in keyof GpuUser]: GpuUser[Key] } & {
  wasHeld: boolean
  /** Whether the board or instance is in this snapshot. */
  isThere: boolean
  /** Snapshots since it last held the board. */
  away: number
}

/** Snapshots after which one that left is forgotten: an hour with rounds of 5 s. */
const FORGET_AFTER = 720
/** Users of one board. */
const MOST_USERS = 1024

/** The users of one board. */
export class BoardUsers {
  readonly #users = new Map<string, KeptUser>()
  /** Counters of single processes, by pid and device, in this snapshot and the last one. */
  #counts = new Map<string, bigint>()
  #nextCounts = new Map<string, bigint>()
  #forgotten = 0

  /** Starts a snapshot. */
  begin(): void {
    this.#nextCounts = new Map()
    for (const user of this.#users.values()) {
      user.wasHeld = user.isHeld
      user.isHeld = false
      user.beforePpmUs = user.usedPpmUs
      user.memoryBytes = null
      user.isThere = false
    }
  }

  /** A board or instance is listed even if no process holds it. */
  place(device: string): void {
    const user = this.#of(device, undefined)
    if (user !== undefined) user.isThere = true
  }

  /** What a process's own counter showed at the last snapshot; undefined: it was not there. Remembers what it shows now. */
  counted({ pid, device }: GpuProcess, busyUs: bigint): bigint | undefined {
    const key = `${pid} ${device}`
    this.#nextCounts.set(key, busyUs)
    return this.#counts.get(key)
  }

  /** @param usedPpmUs since the last snapshot; null: not known */
  add(
    { device, memoryBytes, hasEnded }: GpuProcess,
    group: GroupIdentity | undefined,
    usedPpmUs: bigint | null,
  ): void {
    const places = device === '' ? [''] : ['', device]
    const users = [...places.map(place => this.#of(place, undefined))]
    if (group !== undefined) users.push(this.#of(device, group))
    for (const user of users) {
      if (user === undefined) continue
      user.isHeld ||= hasEnded !== true
      user.usedPpmUs += usedPpmUs ?? 0n
      if (memoryBytes !== null) user.memoryBytes = (user.memoryBytes ?? 0n) + memoryBytes
    }
  }

  /** Ends a snapshot. */
  end(): void {
    this.#counts = this.#nextCounts
    for (const [key, user] of this.#users) {
      user.isNew = user.isHeld && !user.wasHeld
      user.away = user.isHeld ? 0 : user.away + 1
      if (user.away > FORGET_AFTER && !user.isThere) this.#forget(key)
    }
  }

  /** Those that hold the board, and those that left since the last snapshot; the board and its instances always. */
  all(): readonly GpuUser[] {
    return [...this.#users.values()].filter(user =>
      user.group === undefined ? user.isThere : user.isHeld || user.wasHeld,
    )
  }

  #of(device: string, group: GroupIdentity | undefined): KeptUser | undefined {
    const key = group === undefined ? device : JSON.stringify([device, group.kind, group.id])
    const there = this.#users.get(key)
    if (there !== undefined) return there
    if (this.#users.size >= MOST_USERS && !this.#makeRoom()) return undefined
    const user: KeptUser = {
      ...{ device, group, usedPpmUs: 0n, beforePpmUs: 0n, memoryBytes: null },
      ...{
        isHeld: false,
        wasHeld: false,
        isNew: false,
        isThere: false,
        away: 0,
        generation: this.#forgotten,
      },
    }
    this.#users.set(key, user)
    return user
  }

  #makeRoom(): boolean {
    for (const [key, user] of this.#users) {
      if (user.group === undefined || user.isHeld || user.wasHeld) continue
      this.#forget(key)
      return true
    }
    return false
  }

  #forget(key: string): void {
    this.#users.delete(key)
    this.#forgotten += 1
  }
}

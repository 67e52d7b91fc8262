/** From snapshots of GPUs to readings: counters of the time that workloads used, and who holds which board. */

import type { SensorSource } from '../../../core/books/sources.ts'
import { larger, smaller } from '../../../core/model/integers.ts'
import type { Reading } from '../../readings/reading.ts'
import { type HostIdentity, type Round, readingOf } from '../host/sensor.ts'
import type { GroupIdentity } from '../proc/group-table.ts'
import { BoardUsers, type GpuUser } from './board-users.ts'
import type { GpuBoard, GpuProcess, GpuSnapshot } from './snapshot.ts'

/** What readings of GPUs need beside the snapshots. */
export interface GpuReadingsOptions {
  readonly identity: HostIdentity
  readonly source: SensorSource
  /** Distinguishes this run of the process: counters that are summed here start at 0 with it. */
  readonly runId: string
  /** Begins a snapshot: owners are remembered for some of them. */
  readonly nextRound: () => void
  /** Owner of a process and how long it has run, µs; undefined: not known. */
  readonly ownerOf: (pid: number) => { readonly group: GroupIdentity; readonly ageUs: bigint } | undefined
}

interface BoardState {
  lastNano: bigint | undefined
  energyUj: bigint
  /** How often its counter started again. */
  epoch: number
  readonly users: BoardUsers
}

/** Longest time for which what a driver says of "since then" is believed. */
const LONGEST_US = 60_000_000n
/** A board that was away for longer is new. */
const FORGET_NANO = 300_000_000_000n
const HELD = 1000n
const PPM = 1_000_000n

/** Turns the snapshots of one source into readings; keeps counters between them. */
export class GpuReadings {
  readonly #options: GpuReadingsOptions
  readonly #boards = new Map<string, BoardState>()

  constructor(options: GpuReadingsOptions) {
    this.#options = options
  }

  of(snapshot: GpuSnapshot): Reading[] {
    this.#options.nextRound()
    return snapshot.boards.flatMap(board => this.#ofBoard(board, snapshot.timeUnixNano))
  }

  #ofBoard(board: GpuBoard, now: bigint): Reading[] {
    const state = this.#stateOf(board, now)
    const since = state.lastNano
    state.lastNano = now
    const readings = [...this.#ofDevice(board, state, now), ...this.#ofInstances(board, now)]
    if (board.processes === null) return readings
    const spanUs = since === undefined ? 0n : smaller((now - since) / 1000n, LONGEST_US)
    this.#count(board, state.users, board.processes, spanUs)
    return [...readings, ...this.#ofUsers(board, state.users, { now, since })]
  }

  #stateOf({ uuid, energyUj }: GpuBoard, now: bigint): BoardState {
    const known = this.#boards.get(uuid)
    const state = known ?? { lastNano: undefined, energyUj: 0n, epoch: 0, users: new BoardUsers() }
    this.#boards.set(uuid, state)
    if (state.lastNano !== undefined && now - state.lastNano > FORGET_NANO) state.lastNano = undefined
    if (energyUj !== null) {
      if (energyUj < state.energyUj) state.epoch += 1
      state.energyUj = energyUj
    }
    return state
  }

  #ofDevice(board: GpuBoard, { epoch }: BoardState, now: bigint): Reading[] {
    const { identity } = this.#options
    const bootId = epoch === 0 ? identity.bootId : `${identity.bootId}/g${epoch}`
    return [
      ...this.#reading(board, now, 'energy', board.energyUj, { bootId }),
      ...this.#reading(board, now, 'power', board.powerMw, {}),
      ...this.#reading(board, now, 'gpu_utilization', board.utilization, {}),
      ...this.#reading(board, now, 'gpu_memory', board.memoryBytes, {}),
      ...this.#reading(board, now, 'gpu_memory_utilization', board.memoryUtilization, {}),
    ]
  }

  #ofInstances(board: GpuBoard, now: bigint): Reading[] {
    return board.instances.flatMap(({ device, utilization, memoryBytes }) => [
      ...this.#reading(board, now, 'gpu_utilization', utilization, { device }),
      ...this.#reading(board, now, 'gpu_memory', memoryBytes, { device }),
    ])
  }

  /** Adds what processes did since the last snapshot to their workloads. */
  #count(board: GpuBoard, users: BoardUsers, processes: readonly GpuProcess[], spanUs: bigint): void {
    users.begin()
    for (const device of ['', ...board.instances.map(one => one.device)]) users.place(device)
    for (const process of processes) {
      const owner = this.#options.ownerOf(process.pid)
      const usedUs = this.#usedUs(users, process, { spanUs, ageUs: owner?.ageUs ?? spanUs })
      users.add(process, owner?.group, usedUs)
    }
    users.end()
  }

  /** Millionths of a µs; null: not known. */
  #usedUs(
    users: BoardUsers,
    process: GpuProcess,
    { spanUs, ageUs }: { readonly spanUs: bigint; readonly ageUs: bigint },
  ): bigint | null {
    const { busy, busyUs = null } = process
    if (busyUs !== null) {
      const before = users.counted(process, busyUs)
      // One that was there before it was first seen has worked for others of our minutes.
      return (before ?? (ageUs <= spanUs ? 0n : busyUs)) > busyUs
        ? 0n
        : (busyUs - (before ?? (ageUs <= spanUs ? 0n : busyUs))) * PPM
    }
    return busy === null ? null : busy * larger(smaller(spanUs, ageUs), 0n)
  }

  #ofUsers(
    board: GpuBoard,
    users: BoardUsers,
    { now, since }: { readonly now: bigint; readonly since: bigint | undefined },
  ): Reading[] {
    const isTold = !board.gaps.some(({ field }) => field === 'process_utilization')
    return users.all().flatMap(user => {
      const readings = this.#ofUser(board, user, now, { isTold, held: user.isHeld ? HELD : 0n })
      if (!user.isNew || since === undefined || user.group === undefined) return readings
      // It did not hold the board at the last snapshot, and its counter was where it began.
      const before = this.#ofUser(board, { ...user, usedPpmUs: user.beforePpmUs, memoryBytes: null }, since, {
        isTold,
        held: 0n,
      })
      return [...before, ...readings]
    })
  }

  #ofUser(
    board: GpuBoard,
    { device, group, usedPpmUs, memoryBytes, generation }: GpuUser,
    now: bigint,
    { isTold, held }: { readonly isTold: boolean; readonly held: bigint },
  ): Reading[] {
    const { identity, runId } = this.#options
    const bootId = `${identity.bootId}/${runId}${generation === 0 ? '' : `/${generation}`}`
    const who = { device, group }
    return [
      ...this.#reading(board, now, 'gpu_held', held, who),
      ...this.#reading(board, now, 'gpu_time', isTold ? usedPpmUs / PPM : null, { ...who, bootId }),
      ...this.#reading(board, now, 'gpu_memory', group === undefined ? null : memoryBytes, who),
    ]
  }

  #reading(
    { uuid, model }: GpuBoard,
    now: bigint,
    quantity:
      | 'energy'
      | 'power'
      | 'gpu_time'
      | 'gpu_utilization'
      | 'gpu_held'
      | 'gpu_memory'
      | 'gpu_memory_utilization',
    value: bigint | null,
    {
      device = '',
      group,
      bootId = '',
    }: { device?: string; group?: GroupIdentity | undefined; bootId?: string },
  ): Reading[] {
    if (value === null) return []
    const { identity, source } = this.#options
    const round: Round = { timestampUnixNano: now }
    const attributes =
      group === undefined ? { 'hw.model': model } : { ...group.attributes, 'workload.name': group.name }
    const workload = group === undefined ? {} : { workload: { kind: group.kind, id: group.id } }
    return [
      readingOf(identity, round, {
        ...{ quantity, value, source, domain: `gpu-${uuid}`, device, bootId, attributes },
        ...workload,
      }),
    ]
  }
}

/**
 * Snapshots of the boards of NVML. A field that a board does not have is left out, and nothing else is; a board that is gone is
 * left out, and the others go on. Once something is wrong with board or driver, everything is opened again, not too often.
 */
import { instanceDevice, slicesOfModel } from '../../../core/books/gpu-places.ts'
import type {
  GpuBoard,
  GpuBoardInstance,
  GpuField,
  GpuGap,
  GpuProcess,
  GpuSnapshot,
} from '../gpu/snapshot.ts'
import {
  isOfBoard,
  isOfDriver,
  knownOf,
  Nvml,
  type NvmlDevice,
  type NvmlLibrary,
  type NvmlProcess,
  type NvmlResult,
} from './functions.ts'
import { NvmlGpm } from './gpm.ts'

interface OpenBoard {
  readonly device: NvmlDevice
  readonly index: number
  readonly uuid: string
  readonly model: string
  /** Time of the newest sample of processes, as the driver has it. */
  sampledUs: bigint
  /** By GPU instance. */
  readonly gpmSamples: Map<number, bigint>
  readonly hasGpm: boolean
}

/** Problems of the driver that a new process solves, which loads the library again. */
export class DriverGone extends Error {}

const PPM_PER_PERCENT = 10_000n
/** Opening again blocks the driver for a moment. */
const REOPEN_NANO = 30_000_000_000n

/** Reads all boards through one library. */
export class NvmlBoards {
  readonly #nvml: Nvml
  readonly #gpm: NvmlGpm
  #boards: OpenBoard[] | null = null
  #openedNano = 0n
  #isBroken = false
  #missing: readonly string[] = []

  constructor(library: NvmlLibrary) {
    this.#nvml = new Nvml(library)
    this.#gpm = new NvmlGpm(library)
  }

  /** @throws DriverGone where the driver or library must be loaded again */
  snapshot(timeUnixNano: bigint): GpuSnapshot {
    if (this.#isBroken && timeUnixNano - this.#openedNano >= REOPEN_NANO) this.close()
    this.#boards ??= this.#open(timeUnixNano)
    const problems = [...this.#missing]
    const boards = this.#boards.flatMap(board => {
      const found = this.#read(board)
      if (typeof found !== 'string') return [found]
      problems.push(found)
      this.#isBroken = true
      return []
    })
    return { timeUnixNano, boards, problems }
  }

  close(): void {
    if (this.#boards === null) return
    for (const { gpmSamples } of this.#boards)
      for (const sample of gpmSamples.values()) this.#gpm.free(sample)
    this.#boards = null
    this.#isBroken = false
    this.#nvml.shutdown()
  }

  #open(now: bigint): OpenBoard[] {
    const opened = this.#nvml.init()
    if (!('value' in opened)) throw new DriverGone(`NVML cannot be opened: ${opened.reason}.`)
    this.#openedNano = now
    const count = this.#nvml.count()
    if (!('value' in count)) {
      this.#nvml.shutdown()
      throw new DriverGone(`NVML cannot count boards: ${count.reason}.`)
    }
    const missing: string[] = []
    const boards = Array.from({ length: count.value }, (_, index) => index).flatMap(index => {
      const device = this.#nvml.device(index)
      if (!('value' in device)) {
        missing.push(`GPU ${index}: ${device.reason}.`)
        return []
      }
      const uuid = this.#nvml.uuid(device.value)
      if (!('value' in uuid)) {
        missing.push(`GPU ${index} has no UUID: ${uuid.reason}.`)
        return []
      }
      const model = knownOf(this.#nvml.name(device.value)) ?? ''
      const hasGpm = this.#gpm.isSupported(device.value)
      return [
        {
          device: device.value,
          index,
          uuid: uuid.value,
          model,
          sampledUs: 0n,
          gpmSamples: new Map(),
          hasGpm,
        },
      ]
    })
    this.#missing = missing
    this.#isBroken = missing.length > 0
    return boards
  }

  /** Text: why the board cannot be read. */
  #read(board: OpenBoard): GpuBoard | string {
    const { device, index, uuid, model } = board
    const gaps: GpuGap[] = []
    let lost: string | undefined
    const take = <T>(field: GpuField, result: NvmlResult<T>): T | null => {
      if ('value' in result) return result.value
      if (isOfDriver(result.status)) {
        this.#isBroken = true
        throw new DriverGone(`The NVIDIA driver went away: ${result.reason}.`)
      }
      if (isOfBoard(result.status)) lost = result.reason
      gaps.push({ field, reason: result.reason })
      return null
    }
    const energyMj = take('energy', this.#nvml.energyMj(device))
    const powerMw = take('power', this.#nvml.powerMw(device))
    if (lost !== undefined) return `GPU ${index} (${uuid}): ${lost}.`
    const isMig = knownOf(this.#nvml.isMig(device)) ?? false
    const instances = isMig ? this.#instances(board, take) : NO_INSTANCES
    // A divided board does not report it, or reports a meaningless value.
    const utilization = isMig ? null : take('utilization', this.#nvml.utilization(device))
    const memoryBytes = take('memory', this.#nvml.memoryUsed(device))
    const processes = take('processes', this.#nvml.processes(device))
    const busy = take('process_utilization', this.#busy(board))
    if (lost !== undefined) return `GPU ${index} (${uuid}): ${lost}.`
    return {
      uuid,
      model,
      energyUj: energyMj === null ? null : energyMj * 1000n,
      powerMw: powerMw === null ? null : BigInt(powerMw),
      utilization: utilization === null ? null : BigInt(utilization.gpu) * PPM_PER_PERCENT,
      memoryUtilization: utilization === null ? null : BigInt(utilization.memory) * PPM_PER_PERCENT,
      memoryBytes,
      instances: instances.boards,
      processes: processes === null ? null : processesOf(processes, instances.deviceOf, busy),
      gaps,
    }
  }

  /** Mean use of each process in the samples since the last call, millionths. */
  #busy(board: OpenBoard): NvmlResult<ReadonlyMap<number, bigint>> {
    const samples = this.#nvml.processSamples(board.device, board.sampledUs)
    if (!('value' in samples)) return samples
    const byPid = Map.groupBy(
      samples.value.filter(({ timeUs, smPercent }) => timeUs > board.sampledUs && smPercent <= 100),
      ({ pid }) => pid,
    )
    for (const { timeUs } of samples.value) if (timeUs > board.sampledUs) board.sampledUs = timeUs
    return {
      value: new Map(
        [...byPid].map(([pid, some]) => {
          const percent = some.reduce((sum, { smPercent }) => sum + smPercent, 0)
          return [pid, (BigInt(percent) * PPM_PER_PERCENT) / BigInt(some.length)]
        }),
      ),
    }
  }

  #instances(board: OpenBoard, take: <T>(field: GpuField, result: NvmlResult<T>) => T | null): Instances {
    const most = take('instances', this.#nvml.mostInstances(board.device)) ?? 0
    const found: (GpuBoardInstance & { readonly gpu: number; readonly compute: number })[] = []
    const isSplit = new Map<number, number>()
    for (let index = 0; index < most; index++) {
      const instance = knownOf(this.#nvml.instance(board.device, index))
      if (instance === null) continue
      const gpu = take('instances', this.#nvml.gpuInstanceId(instance))
      const compute = take('instances', this.#nvml.computeInstanceId(instance))
      const slices = take('instances', this.#nvml.slices(instance))
      if (gpu === null || compute === null || slices === null) continue
      isSplit.set(gpu, (isSplit.get(gpu) ?? 0) + 1)
      const ofSlices = Math.max(slicesOfModel(board.model), slices.compute)
      found.push({
        gpu,
        compute,
        device: instanceDevice(gpu, Math.max(slices.compute, 1), ofSlices),
        utilization: null,
        memoryBytes: knownOf(this.#nvml.memoryUsed(instance)),
      })
    }
    this.#freeGone(board, isSplit)
    const activity = new Map([...isSplit.keys()].map(gpu => [gpu, this.#activity(board, gpu)]))
    if ([...activity.values()].some(one => one === undefined)) {
      const reason = board.hasGpm ? 'not told yet' : 'this board does not tell; DCGM does'
      take('instance_utilization', { status: 3, reason })
    }
    const boards = found.map(({ gpu, compute, ...instance }) => {
      // Several compute instances in one GPU instance share its activity; which of them was active is not known.
      const isAlone = isSplit.get(gpu) === 1
      const [, sizes] = instance.device.split(':')
      const device = isAlone ? instance.device : `mig-${gpu}.${compute}:${sizes}`
      return { ...instance, device, utilization: isAlone ? (activity.get(gpu) ?? null) : null, gpu, compute }
    })
    return {
      boards: boards.map(({ device, utilization, memoryBytes }) => ({ device, utilization, memoryBytes })),
      deviceOf: (gpu, compute) =>
        boards.find(one => one.gpu === gpu && (isSplit.get(gpu) === 1 || one.compute === compute))?.device ??
        '',
    }
  }

  /** Since the last snapshot; undefined: not known. */
  #activity({ device, gpmSamples, hasGpm }: OpenBoard, gpuInstance: number): bigint | undefined {
    if (!hasGpm) return undefined
    const after = knownOf(this.#gpm.sample(device, gpuInstance))
    if (after === null) return undefined
    const before = gpmSamples.get(gpuInstance)
    gpmSamples.set(gpuInstance, after)
    if (before === undefined) return undefined
    const found = knownOf(this.#gpm.activity(before, after))
    this.#gpm.free(before)
    return found ?? undefined
  }

  #freeGone({ gpmSamples }: OpenBoard, there: ReadonlyMap<number, unknown>): void {
    for (const [gpu, sample] of gpmSamples) {
      if (there.has(gpu)) continue
      this.#gpm.free(sample)
      gpmSamples.delete(gpu)
    }
  }
}

interface Instances {
  readonly boards: readonly GpuBoardInstance[]
  readonly deviceOf: (gpuInstance: number | null, computeInstance: number | null) => string
}
const NO_INSTANCES: Instances = { boards: [], deviceOf: () => '' }

/** Those that ended since the last snapshot, too, if they did something: they hold nothing any more. */
function processesOf(
  listed: readonly NvmlProcess[],
  deviceOf: Instances['deviceOf'],
  busy: ReadonlyMap<number, bigint> | null,
): GpuProcess[] {
  const there = new Set(listed.map(({ pid }) => pid))
  const ended = [...(busy ?? [])].filter(([pid, used]) => !there.has(pid) && used > 0n)
  return [
    ...listed.map(({ pid, memoryBytes, gpuInstance, computeInstance }) => ({
      pid,
      memoryBytes,
      device: deviceOf(gpuInstance, computeInstance),
      busy: busy === null ? null : (busy.get(pid) ?? 0n),
    })),
    ...ended.map(([pid, used]) => ({
      ...{ pid, device: '', busy: used, memoryBytes: null },
      hasEnded: true as const,
    })),
  ]
}

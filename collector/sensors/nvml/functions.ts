/**
 * Functions of NVML with what they write into memory. Newer versions of a function go before older ones; layouts are those of
 * nvml.h of drivers 450 to 580.
 */

/** Calls a function of the library by its name: its status, or null where the library does not have it. */
export interface NvmlLibrary {
  call(name: string, ...args: readonly (Uint8Array | bigint | number | null)[]): number | null
}

/** A handle of a board or instance. */
export type NvmlDevice = bigint

/** What a function gave, or why it gave nothing. */
export type NvmlResult<T> = { readonly value: T } | { readonly status: number; readonly reason: string }

/** Statuses: done; and of a function that the library does not have. */
export const SUCCESS = 0
const INSUFFICIENT_SIZE = 7
const NOT_FOUND = 6
/** See above. */
export const MISSING = 13

const REASONS: Readonly<Record<number, string>> = {
  1: 'the library was shut down',
  2: 'invalid argument',
  3: 'not supported by this board',
  4: 'no permission',
  6: 'not found',
  9: 'the NVIDIA driver is not loaded',
  10: 'the driver did not answer in time',
  12: 'a library of the driver is missing',
  13: 'not in this version of the driver',
  15: 'the board has fallen off the bus or is otherwise inaccessible',
  16: 'the board needs a reset',
  17: 'blocked by the operating system',
  18: 'driver and library have different versions',
  999: 'unknown error of the driver',
}

/** A status as text. */
export const reasonOf = (status: number): string => REASONS[status] ?? `NVML status ${status}`

/** Whether a status is about the library or driver, so that it must be opened again. */
export const isOfDriver = (status: number): boolean => [1, 9, 12, 17, 18].includes(status)
/** Whether a status says that the board is gone. */
export const isOfBoard = (status: number): boolean => status === 15 || status === 16

/** A result without a value. */
export const failedCall = (status: number): { status: number; reason: string } => ({
  status,
  reason: reasonOf(status),
})

/** Value of a result; null where there is none. */
export const knownOf = <T>(result: NvmlResult<T>): T | null => ('value' in result ? result.value : null)

/** A process as the driver lists it. */
export interface NvmlProcess {
  readonly pid: number
  readonly memoryBytes: bigint | null
  /** Null: of the whole board, or not told. */
  readonly gpuInstance: number | null
  readonly computeInstance: number | null
}

/** Use of a board by a process at some moment, %. */
export interface NvmlSample {
  readonly pid: number
  readonly timeUs: bigint
  readonly smPercent: number
}

const NOT_AVAILABLE = 0xffff_ffff_ffff_ffffn
const NO_INSTANCE = 0xffff_ffff
const MOST_PROCESSES = 4096
const TEXT_BYTES = 96
const KINDS = ['Compute', 'Graphics', 'MPSCompute'] as const

/** The functions, typed. */
export class Nvml {
  readonly #library: NvmlLibrary

  constructor(library: NvmlLibrary) {
    this.#library = library
  }

  init(): NvmlResult<null> {
    const status = this.#first(['nvmlInit_v2', 'nvmlInit'])
    return status === SUCCESS ? { value: null } : failedCall(status)
  }

  shutdown(): void {
    this.#library.call('nvmlShutdown')
  }

  driverVersion = (): NvmlResult<string> =>
    this.#text(buffer => this.#library.call('nvmlSystemGetDriverVersion', buffer, buffer.length))
  uuid = (device: NvmlDevice): NvmlResult<string> =>
    this.#text(buffer => this.#library.call('nvmlDeviceGetUUID', device, buffer, buffer.length))
  name = (device: NvmlDevice): NvmlResult<string> =>
    this.#text(buffer => this.#library.call('nvmlDeviceGetName', device, buffer, buffer.length))

  count = (): NvmlResult<number> => this.#uint(['nvmlDeviceGetCount_v2', 'nvmlDeviceGetCount'])
  device = (index: number): NvmlResult<NvmlDevice> =>
    this.#handle(['nvmlDeviceGetHandleByIndex_v2', 'nvmlDeviceGetHandleByIndex'], index)

  /** mJ since the driver was loaded. */
  energyMj(device: NvmlDevice): NvmlResult<bigint> {
    const buffer = Buffer.alloc(8)
    return this.#read(['nvmlDeviceGetTotalEnergyConsumption'], [device, buffer], () =>
      buffer.readBigUInt64LE(0),
    )
  }

  powerMw = (device: NvmlDevice): NvmlResult<number> => this.#uint(['nvmlDeviceGetPowerUsage'], device)

  /** %. */
  utilization(device: NvmlDevice): NvmlResult<{ readonly gpu: number; readonly memory: number }> {
    const buffer = Buffer.alloc(8)
    return this.#read(['nvmlDeviceGetUtilizationRates'], [device, buffer], () => ({
      gpu: buffer.readUInt32LE(0),
      memory: buffer.readUInt32LE(4),
    }))
  }

  memoryUsed(device: NvmlDevice): NvmlResult<bigint> {
    const second = Buffer.alloc(40)
    // The version of a structure is its size, and its number in the highest byte.
    second.writeUInt32LE(40 | (2 << 24), 0)
    const newer = this.#read(['nvmlDeviceGetMemoryInfo_v2'], [device, second], () =>
      second.readBigUInt64LE(32),
    )
    if ('value' in newer || newer.status !== MISSING) return newer
    const first = Buffer.alloc(24)
    return this.#read(['nvmlDeviceGetMemoryInfo'], [device, first], () => first.readBigUInt64LE(16))
  }

  /** Samples since a time, oldest first. @param sinceUs as the samples have it */
  processSamples(device: NvmlDevice, sinceUs: bigint): NvmlResult<readonly NvmlSample[]> {
    const name = 'nvmlDeviceGetProcessUtilization'
    const found = this.#list(32, (buffer, count) => this.#library.call(name, device, buffer, count, sinceUs))
    if (!('value' in found)) return found.status === NOT_FOUND ? { value: [] } : found
    return {
      value: found.value.map(entry => ({
        pid: entry.readUInt32LE(0),
        timeUs: entry.readBigUInt64LE(8),
        smPercent: entry.readUInt32LE(16),
      })),
    }
  }

  /** Processes with a context on a board or instance, of all kinds. */
  processes(device: NvmlDevice): NvmlResult<readonly NvmlProcess[]> {
    const byPid = new Map<string, NvmlProcess>()
    let refused: NvmlResult<readonly NvmlProcess[]> | undefined
    for (const kind of KINDS) {
      const found = this.#processesOf(kind, device)
      if (!('value' in found)) {
        if (kind === 'Compute') refused = found
        continue
      }
      for (const one of found.value) {
        const key = `${one.pid} ${one.gpuInstance} ${one.computeInstance}`
        const there = byPid.get(key)
        if (there === undefined || (there.memoryBytes ?? 0n) < (one.memoryBytes ?? 0n)) byPid.set(key, one)
      }
    }
    return refused ?? { value: [...byPid.values()].sort((a, b) => a.pid - b.pid) }
  }

  #processesOf(kind: (typeof KINDS)[number], device: NvmlDevice): NvmlResult<readonly NvmlProcess[]> {
    const name = `nvmlDeviceGet${kind}RunningProcesses`
    for (const [suffix, size] of [
      ['_v3', 24],
      ['_v2', 24],
      ['', 16],
    ] as const) {
      const found = this.#list(size, (buffer, count) =>
        this.#library.call(`${name}${suffix}`, device, count, buffer),
      )
      if ('value' in found) return { value: found.value.map(processIn) }
      if (found.status !== MISSING) return found
    }
    return failedCall(MISSING)
  }

  isMig(device: NvmlDevice): NvmlResult<boolean> {
    const [current, pending] = [Buffer.alloc(4), Buffer.alloc(4)]
    return this.#read(
      ['nvmlDeviceGetMigMode'],
      [device, current, pending],
      () => current.readUInt32LE(0) === 1,
    )
  }

  mostInstances = (device: NvmlDevice): NvmlResult<number> =>
    this.#uint(['nvmlDeviceGetMaxMigDeviceCount'], device)
  instance = (device: NvmlDevice, index: number): NvmlResult<NvmlDevice> =>
    this.#handle(['nvmlDeviceGetMigDeviceHandleByIndex'], device, index)
  gpuInstanceId = (instance: NvmlDevice): NvmlResult<number> =>
    this.#uint(['nvmlDeviceGetGpuInstanceId'], instance)
  computeInstanceId = (instance: NvmlDevice): NvmlResult<number> =>
    this.#uint(['nvmlDeviceGetComputeInstanceId'], instance)

  /** Slices of the GPU instance, and of the compute instance in it. */
  slices(instance: NvmlDevice): NvmlResult<{ readonly gpu: number; readonly compute: number }> {
    const buffer = Buffer.alloc(64)
    const names = ['nvmlDeviceGetAttributes_v2', 'nvmlDeviceGetAttributes']
    return this.#read(names, [instance, buffer], () => ({
      gpu: buffer.readUInt32LE(24),
      compute: buffer.readUInt32LE(28),
    }))
  }

  /** Of several versions of a function, the first that the library has. */
  #first(names: readonly string[], ...args: readonly (Uint8Array | bigint | number)[]): number {
    for (const name of names) {
      const status = this.#library.call(name, ...args)
      if (status !== null) return status
    }
    return MISSING
  }

  #read<T>(
    names: readonly string[],
    args: readonly (Uint8Array | bigint | number)[],
    read: () => T,
  ): NvmlResult<T> {
    const status = this.#first(names, ...args)
    return status === SUCCESS ? { value: read() } : failedCall(status)
  }

  #uint(names: readonly string[], ...args: readonly bigint[]): NvmlResult<number> {
    const buffer = Buffer.alloc(4)
    return this.#read(names, [...args, buffer], () => buffer.readUInt32LE(0))
  }

  #handle(names: readonly string[], ...args: readonly (bigint | number)[]): NvmlResult<bigint> {
    const buffer = Buffer.alloc(8)
    return this.#read(names, [...args, buffer], () => buffer.readBigUInt64LE(0))
  }

  #text(call: (buffer: Buffer) => number | null): NvmlResult<string> {
    const buffer = Buffer.alloc(TEXT_BYTES)
    const status = call(buffer) ?? MISSING
    if (status !== SUCCESS) return failedCall(status)
    const end = buffer.indexOf(0)
    return { value: buffer.toString('utf8', 0, end < 0 ? TEXT_BYTES : end) }
  }

  /** Lists whose length is asked for first; they may grow in between. */
  #list(
    size: number,
    call: (buffer: Buffer | null, count: Buffer) => number | null,
  ): NvmlResult<readonly Buffer[]> {
    const count = Buffer.alloc(4)
    let status = call(null, count) ?? MISSING
    for (let tries = 0; tries < 3; tries++) {
      const wanted = count.readUInt32LE(0)
      if (status === SUCCESS && wanted === 0) return { value: [] }
      if (status !== SUCCESS && status !== INSUFFICIENT_SIZE) return failedCall(status)
      const room = Math.min(wanted + 16, MOST_PROCESSES)
      const buffer = Buffer.alloc(room * size)
      count.writeUInt32LE(room, 0)
      status = call(buffer, count) ?? MISSING
      if (status === SUCCESS) {
        const found = Math.min(count.readUInt32LE(0), room)
        return {
          value: Array.from({ length: found }, (_, at) => buffer.subarray(at * size, (at + 1) * size)),
        }
      }
    }
    return failedCall(status)
  }
}

function processIn(entry: Buffer): NvmlProcess {
  const memory = entry.readBigUInt64LE(8)
  const hasInstances = entry.length >= 24
  const idAt = (at: number): number | null => {
    const id = hasInstances ? entry.readUInt32LE(at) : NO_INSTANCE
    return id === NO_INSTANCE ? null : id
  }
  return {
    pid: entry.readUInt32LE(0),
    memoryBytes: memory === NOT_AVAILABLE ? null : memory,
    gpuInstance: idAt(16),
    computeInstance: idAt(20),
  }
}

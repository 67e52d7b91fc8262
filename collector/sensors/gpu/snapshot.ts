/** What a source reports of the GPUs of this machine at one moment, whoever made them. Null: not known, and `gaps` says why. */

/** A moment of all boards. */
export interface GpuSnapshot {
  /** Nanoseconds since the epoch. */
  readonly timeUnixNano: bigint
  readonly boards: readonly GpuBoard[]
  /** Boards that could not be read at all, and what is wrong with the source. */
  readonly problems: readonly string[]
}

/** One board. */
export interface GpuBoard {
  /** Identity across restarts. */
  readonly uuid: string
  readonly model: string
  /** Counter, µJ. */
  readonly energyUj: bigint | null
  readonly powerMw: bigint | null
  /** Millionths. */
  readonly utilization: bigint | null
  readonly memoryUtilization: bigint | null
  /** Bytes in use. */
  readonly memoryBytes: bigint | null
  readonly instances: readonly GpuBoardInstance[]
  /** Null: the source cannot list them. */
  readonly processes: readonly GpuProcess[] | null
  readonly gaps: readonly GpuGap[]
}

/** A part of a board (MIG). */
export interface GpuBoardInstance {
  /** As readings name it, see core/books/gpu-places.ts. */
  readonly device: string
  readonly utilization: bigint | null
  readonly memoryBytes: bigint | null
}

/** A process that holds a board. */
export interface GpuProcess {
  readonly pid: number
  /** The instance; '' for the board. */
  readonly device: string
  /** Millionths of the time since the last snapshot in which it kept the board busy; null: not known. */
  readonly busy: bigint | null
  /** Time that it kept the board busy since it began, µs, from drivers that count it; null: they do not. */
  readonly busyUs?: bigint | null
  readonly memoryBytes: bigint | null
  /** It has ended since the last snapshot, and holds nothing any more. */
  readonly hasEnded?: true
}

/** Fields of a board that a source may not have. */
export type GpuField =
  | 'energy'
  | 'power'
  | 'utilization'
  | 'memory'
  | 'memory_utilization'
  | 'processes'
  | 'process_utilization'
  | 'instances'
  | 'instance_utilization'

/** A field that is not known, and why. */
export interface GpuGap {
  readonly field: GpuField
  readonly reason: string
}

/** A way to read GPUs. Reading may take long or never end, so it is asked for, and what came is taken later. */
export interface GpuReader {
  /** Snapshots since the last call, in order. @throws once for each failure, with what to do about it */
  take(): readonly GpuSnapshot[]
  /** Asks for a snapshot, unless one is still awaited. */
  request(): void
  close(): Promise<void>
}

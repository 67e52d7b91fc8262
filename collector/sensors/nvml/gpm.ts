/** Activity of GPU instances, of boards since Hopper: GPU performance monitoring of NVML. */
import {
  failedCall,
  MISSING,
  type NvmlDevice,
  type NvmlLibrary,
  type NvmlResult,
  SUCCESS,
} from './functions.ts'

/** Room for all metrics of the newest driver: the library may write them all. */
const METRICS = 512
const METRIC_BYTES = 40
const METRICS_AT = 24
/** Time in which any graphics or compute engine was active, %. */
const GRAPHICS_UTIL = 1

/** Samples are memory of the library: each must be freed. */
export class NvmlGpm {
  readonly #library: NvmlLibrary

  constructor(library: NvmlLibrary) {
    this.#library = library
  }

  isSupported(device: NvmlDevice): boolean {
    const buffer = Buffer.alloc(8)
    buffer.writeUInt32LE(1, 0)
    const status = this.#library.call('nvmlGpmQueryDeviceSupport', device, buffer)
    return status === SUCCESS && buffer.readUInt32LE(4) !== 0
  }

  sample(device: NvmlDevice, gpuInstance: number): NvmlResult<bigint> {
    const handle = Buffer.alloc(8)
    const allocated = this.#library.call('nvmlGpmSampleAlloc', handle) ?? MISSING
    if (allocated !== SUCCESS) return failedCall(allocated)
    const sample = handle.readBigUInt64LE(0)
    const status = this.#library.call('nvmlGpmMigSampleGet', device, gpuInstance, sample) ?? MISSING
    if (status === SUCCESS) return { value: sample }
    this.free(sample)
    return failedCall(status)
  }

  free(sample: bigint): void {
    this.#library.call('nvmlGpmSampleFree', sample)
  }

  /** Millionths of the time between two samples in which an engine was active. */
  activity(before: bigint, after: bigint): NvmlResult<bigint> {
    // Version, number of metrics, both samples; then metrics, each with id, status, value and three texts.
    const buffer = Buffer.alloc(METRICS_AT + METRIC_BYTES * METRICS)
    buffer.writeUInt32LE(1, 0)
    buffer.writeUInt32LE(1, 4)
    buffer.writeBigUInt64LE(before, 8)
    buffer.writeBigUInt64LE(after, 16)
    buffer.writeUInt32LE(GRAPHICS_UTIL, METRICS_AT)
    const status = this.#library.call('nvmlGpmMetricsGet', buffer) ?? MISSING
    if (status !== SUCCESS) return failedCall(status)
    const own = buffer.readUInt32LE(METRICS_AT + 4)
    const percent = buffer.readDoubleLE(METRICS_AT + 8)
    if (own !== SUCCESS || !(percent >= 0 && percent <= 100)) return failedCall(own === SUCCESS ? 999 : own)
    return { value: BigInt(Math.round(percent * 10_000)) }
  }
}

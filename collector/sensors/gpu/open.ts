/** Which GPU sensors this machine has. Drivers may be loaded while the process runs, so absent ones are looked for again. */
import { existsSync } from 'node:fs'
import type { SensorSource } from '../../../core/books/sources.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { KernelFiles } from '../host/files.ts'
import type { HostIdentity, Roots, Sensor } from '../host/sensor.ts'
import { uptimeTicks } from '../proc/cpu-time.ts'
import { ownersByPid } from '../proc/process-owner.ts'
import { ChildReader } from './child-reader.ts'
import { GpuReadings } from './gpu-readings.ts'
import { gpuSensor } from './gpu-sensor.ts'
import type { GpuReader } from './snapshot.ts'

/** What sensors of GPUs need. */
export interface GpuOpenOptions {
  readonly config: Config['sensors']
  readonly events: Events
  readonly files: KernelFiles
  readonly roots: Roots
  readonly identity: HostIdentity
  readonly runId: string
}

/** Sensors of GPUs, and their end. */
export interface OpenedGpus {
  readonly sensors: readonly Sensor[]
  close(): Promise<void>
}

const NVML_CHILD = new URL('../nvml/child.ts', import.meta.url)
const US_PER_TICK = 10_000n

/** Opens what `sensors.gpu` allows; nothing is started before a round asks for it. */
export function openGpus(options: GpuOpenOptions): OpenedGpus {
  if (options.config.gpu === 'off') return { sensors: [], close: async () => undefined }
  const nvidia = new LateSensor(
    'nvml',
    () => isNvidiaThere(options),
    () => openNvidia(options),
  )
  return {
    sensors: [nvidia],
    close: async () => {
      await nvidia.close()
    },
  }
}

/** A source that is opened once it is there. */
class LateSensor implements Sensor {
  readonly name: string
  readonly #isThere: () => boolean
  readonly #open: () => { readonly sensor: Sensor; readonly reader: GpuReader }
  #opened: { readonly sensor: Sensor; readonly reader: GpuReader } | null = null

  constructor(
    name: string,
    isThere: () => boolean,
    open: () => { readonly sensor: Sensor; readonly reader: GpuReader },
  ) {
    this.name = name
    this.#isThere = isThere
    this.#open = open
  }

  read(round: Parameters<Sensor['read']>[0]) {
    if (this.#opened === null && this.#isThere()) this.#opened = this.#open()
    return this.#opened?.sensor.read(round) ?? []
  }

  async close(): Promise<void> {
    await this.#opened?.reader.close()
  }
}

/** The driver shows itself in /proc; a library that is configured by its path need not have a driver. */
const isNvidiaThere = ({ config, roots }: GpuOpenOptions): boolean =>
  config.gpu === 'on' ||
  existsSync(`${roots.proc}/driver/nvidia/version`) ||
  (config.nvml_library.startsWith('/') && existsSync(config.nvml_library))

function openNvidia(options: GpuOpenOptions): { readonly sensor: Sensor; readonly reader: GpuReader } {
  const { config, events } = options
  const reader = new ChildReader({
    entry: NVML_CHILD,
    args: [config.nvml_library],
    onMissing: reason => events.emit('sensorFailed', { sensor: 'nvml', reason }),
  })
  return { reader, sensor: sensorOver(options, 'nvml', reader) }
}

/** Owners of processes by the host's /proc. */
function sensorOver(options: GpuOpenOptions, source: SensorSource, reader: GpuReader): Sensor {
  const { events, files, roots, identity, runId } = options
  const owners = ownersByPid(files, roots)
  let isTold = false
  const readings = new GpuReadings({
    ...{ identity, source, runId },
    nextRound: () => owners.next(),
    ownerOf: pid => {
      const owner = owners.of(pid)
      if (owner === undefined) return undefined
      const ticks = uptimeTicks(files, roots.proc) - owner.startTicks
      return { group: owner.group, ageUs: BigInt(Math.max(ticks, 0)) * US_PER_TICK }
    },
  })
  const sensor = gpuSensor({
    name: source,
    reader,
    readings,
    report: problems => {
      if (problems !== '') events.emit('sensorFailed', { sensor: source, reason: problems })
    },
  })
  return {
    name: source,
    read(round) {
      const found = sensor.read(round)
      if (!isTold && found.length > 0) {
        isTold = true
        const domains = [...new Set(found.map(({ Domain }) => Domain))].sort().join(' ')
        events.emit('sensorStarted', { sensor: source, domains })
      }
      return found
    },
  }
}

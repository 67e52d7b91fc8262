/** Which GPU sensors this machine has. Drivers may be loaded while the process runs, so absent ones are looked for again. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SensorSource } from '../../core/books/sources.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { type DrmCard, findCards } from './drm/cards.ts'
import { ChildReader } from './gpu/child-reader.ts'
import { CommandReader, commandOf } from './gpu/command-reader.ts'
import { GpuReadings } from './gpu/gpu-readings.ts'
import { gpuSensor } from './gpu/gpu-sensor.ts'
import type { GpuReader } from './gpu/snapshot.ts'
import type { KernelFiles } from './host/files.ts'
import type { HostIdentity, Roots, Sensor } from './host/sensor.ts'
import { uptimeTicks } from './proc/cpu-time.ts'
import { ownersByPid } from './proc/process-owner.ts'
import { readAmdSmi } from './smi/amd-smi.ts'
import { readNvidiaSmi } from './smi/nvidia-smi.ts'

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

const NVML_CHILD = new URL('./nvml/child.ts', import.meta.url)
const DRM_CHILD = new URL('./drm/child.ts', import.meta.url)
const US_PER_TICK = 10_000n

/** A way to read the boards of one maker. */
export interface GpuSource {
  readonly source: SensorSource
  /** Whether it can be tried now. */
  readonly isThere: () => boolean
  readonly open: () => GpuReader
}

/**
 * All ways, in the order in which they are tried.
 * @param onMissing gets the reason why a library cannot be loaded
 */
export function gpuSources(
  options: Pick<GpuOpenOptions, 'config' | 'files' | 'roots'>,
  onMissing: (source: SensorSource, reason: string) => void,
): readonly GpuSource[] {
  const { config, roots } = options
  if (config.gpu === 'off') return []
  let isNvmlMissing = false
  const nvmlMissing = (reason: string): void => {
    isNvmlMissing = true
    onMissing('nvml', reason)
  }
  return [
    {
      source: 'nvml',
      isThere: () => isNvidiaThere(options),
      open: () => new ChildReader({ entry: NVML_CHILD, args: [config.nvml_library], onMissing: nvmlMissing }),
    },
    {
      source: 'nvidia-smi',
      isThere: () => isNvmlMissing && isCommand(config.nvidia_smi),
      open: () => new CommandReader(() => readNvidiaSmi(commandOf(config.nvidia_smi), nowNano)),
    },
    {
      source: 'drm',
      isThere: () => hasMeteredCards(options),
      open: () =>
        new ChildReader({
          entry: DRM_CHILD,
          args: [roots.proc, roots.sys],
          onMissing: reason => onMissing('drm', reason),
        }),
    },
    {
      source: 'amd-smi',
      isThere: () => needsAmdSmi(options),
      open: () => new CommandReader(() => readAmdSmi(commandOf(config.amd_smi), nowNano)),
    },
  ]
}

/** Opens what `sensors.gpu` allows; nothing is started before a round asks for it. */
export function openGpus(options: GpuOpenOptions): OpenedGpus {
  const { events } = options
  const sources = gpuSources(options, (sensor, reason) => events.emit('sensorFailed', { sensor, reason }))
  const sensors = sources.map(
    ({ source, isThere, open }) =>
      new LateSensor(source, isThere, () => {
        const reader = open()
        return { reader, sensor: sensorOver(options, source, reader) }
      }),
  )
  return {
    sensors,
    close: async () => {
      await Promise.all(sensors.map(sensor => sensor.close()))
    },
  }
}

interface OpenedSensor {
  readonly sensor: Sensor
  readonly reader: GpuReader
}

const nowNano = (): bigint => BigInt(Date.now()) * 1_000_000n
/** Whether a program is there, by its path or in PATH. */
function isCommand(program: string): boolean {
  if (program.includes('/')) return existsSync(program)
  return (process.env['PATH'] ?? '')
    .split(':')
    .some(folder => folder !== '' && existsSync(join(folder, program)))
}

/** Cards that show a meter. Only names are read here: values come from the process. */
const hasMeteredCards = ({ files, roots }: Pick<GpuOpenOptions, 'files' | 'roots'>): boolean =>
  findCards(files, roots.sys).some(card => showsMeter(files, card))

const needsAmdSmi = ({
  config,
  files,
  roots,
}: Pick<GpuOpenOptions, 'config' | 'files' | 'roots'>): boolean => {
  const cards = findCards(files, roots.sys).filter(({ maker }) => maker === 'amd')
  return cards.length > 0 && cards.every(card => !showsMeter(files, card)) && isCommand(config.amd_smi)
}

const showsMeter = (files: KernelFiles, { folder }: DrmCard): boolean =>
  existsSync(`${folder}/gpu_metrics`) ||
  files
    .names(`${folder}/hwmon`)
    .some(chip =>
      files.names(`${folder}/hwmon/${chip}`).some(name => /^(energy|power)\d+_(input|average)$/.test(name)),
    )

/** A source that is opened once it is there. */
class LateSensor implements Sensor {
  readonly name: string
  readonly #isThere: () => boolean
  readonly #open: () => OpenedSensor
  #opened: OpenedSensor | null = null

  constructor(name: string, isThere: () => boolean, open: () => OpenedSensor) {
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
const isNvidiaThere = ({ config, roots }: Pick<GpuOpenOptions, 'config' | 'roots'>): boolean =>
  config.gpu === 'on' ||
  existsSync(`${roots.proc}/driver/nvidia/version`) ||
  (config.nvml_library.startsWith('/') && existsSync(config.nvml_library))

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

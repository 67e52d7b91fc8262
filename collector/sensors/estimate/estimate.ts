/**
 * Estimates energy where no meter can be read, as on most virtual machines, with a linear model of power,
 *
 *   P = idle x CPUs + (max - idle) x busy CPUs        (watts per logical CPU: cpu-families.ts)
 *   P_memory = 0.392 W/GiB x memory
 *
 * expressed as energy counters since boot, computed from uptime and busy CPU time alone. There is no state,
 * so a restart loses nothing and two samples always give the same difference. The quality is always
 * `estimated`, with the error band in the attributes; it is never presented as a measurement.
 */
import type { Reading } from '../../readings/reading.ts'
import { type KernelFiles, keyedInteger } from '../host/files.ts'
import { type HostIdentity, type Roots, readingOf, type Sensor } from '../host/sensor.ts'
import { uptimeTicks } from '../proc/cpu-time.ts'
import { type HostCpuTime, parseProcStat } from '../proc/proc-stat.ts'
import { type PowerModel, parseCpuInfo, powerModelOf } from './cpu-families.ts'

/**
 * 0.392 W per GB of memory: Cloud Carbon Footprint, Methodology, "Memory" (mean of Crucial's 3 W per 8 GB and Micron's
 * 0.4083 W per GB, DDR4). Its modules are sold in units of 2^30 bytes, so it is applied per GiB. As that page says
 * about its own use, memory of the tested servers is already in the CPU figures, so this is too high rather than too
 * low.
 */
const MEMORY_MICROWATTS_PER_GIB = 392_000n
/** Our estimate: vendors' figures for one GB of DDR4 and DDR5 differ by more than a half with speed and load. */
const BAND_MEMORY = '0.6'

const KIB_PER_GIB = 1_048_576n
const TICKS_PER_SECOND = 100n
const US_PER_SECOND = 1_000_000n

/** Inputs of the model: totals since boot. */
export interface EstimateInputs {
  readonly uptimeTicks: bigint
  readonly cpus: bigint
  readonly cpuTime: HostCpuTime
  readonly memoryKib: bigint
}

/**
 * µJ since boot, rounded down, because a counter must not run ahead. Increases with uptime and busy time, never
 * decreases.
 */
export function packageEnergy(model: PowerModel, inputs: EstimateInputs): bigint {
  const idleUw = model.idleMilliwatts * 1000n
  const activeUw = (model.maxMilliwatts - model.idleMilliwatts) * 1000n
  const elapsedUs = (inputs.uptimeTicks * US_PER_SECOND) / TICKS_PER_SECOND
  return (idleUw * inputs.cpus * elapsedUs + activeUw * busyUs(inputs.cpuTime)) / US_PER_SECOND
}

/** µJ since boot: 0.392 W for each GiB of memory, whether it is used or not. */
export function memoryEnergy(inputs: EstimateInputs): bigint {
  return (
    (MEMORY_MICROWATTS_PER_GIB * inputs.memoryKib * inputs.uptimeTicks) / (KIB_PER_GIB * TICKS_PER_SECOND)
  )
}

/** Time that this machine's CPUs worked. Stolen time is other machines' work on the same silicon. */
const busyUs = (time: HostCpuTime): bigint =>
  time.user + time.nice + time.system + time.interrupt + time.softirq

interface EstimateOptions {
  readonly files: KernelFiles
  readonly roots: Roots
  readonly identity: HostIdentity
}

/** Also reports which row it uses, for the log. */
export function estimateSensor({
  files,
  roots,
  identity,
}: EstimateOptions): Sensor & { readonly model: PowerModel } {
  const model = powerModelOf(parseCpuInfo(files.text(`${roots.proc}/cpuinfo`) ?? ''))
  return {
    name: 'estimate',
    model,
    read(round): Reading[] {
      const inputs = readInputs(files, roots)
      // Another number of CPUs or size of memory changes the slope, so it makes another counter.
      const bootId = `${identity.bootId}/${model.family}/${inputs.cpus}/${inputs.memoryKib}`
      const common = { quantity: 'energy', source: 'estimate:ccf', quality: 'estimated', bootId } as const
      return [
        readingOf(identity, round, {
          ...common,
          domain: 'package-0',
          value: packageEnergy(model, inputs),
          attributes: { error_band: model.errorBand, model: model.family },
        }),
        readingOf(identity, round, {
          ...common,
          domain: 'dram-0',
          value: memoryEnergy(inputs),
          attributes: { error_band: BAND_MEMORY, model: 'DDR4' },
        }),
      ]
    },
  }
}

function readInputs(files: KernelFiles, roots: Roots): EstimateInputs {
  const { cpuTime, cpus } = parseProcStat(files.text(`${roots.proc}/stat`) ?? '')
  const memoryKib = keyedInteger(files.text(`${roots.proc}/meminfo`) ?? '', 'MemTotal')
  if (memoryKib === undefined) throw new Error('/proc/meminfo has no MemTotal')
  return { uptimeTicks: BigInt(uptimeTicks(files, roots.proc)), cpus: BigInt(cpus), cpuTime, memoryKib }
}

/**
 * Estimates energy where no meter can be read, as on most virtual machines, from a power curve,
 *
 *   P = CPUs x (idle + (max - idle) x share(load))     (watts per logical CPU: core/books/cpu-families.ts, power-curve.ts)
 *   P_memory = 0.392 W/GiB x memory
 *
 * as energy counters. The load is that of each round, so the counter of the processor begins with the process. The quality
 * is always `estimated`, with the error band in the attributes; it is never presented as a measurement.
 */
import { type PowerModel, powerModelOf } from '../../../core/books/cpu-families.ts'
import { curveEnergy, PICOJOULES } from '../../../core/books/power-curve.ts'
import type { Reading } from '../../readings/reading.ts'
import { type KernelFiles, keyedInteger } from '../host/files.ts'
import { type HostIdentity, type Roots, readingOf, type Sensor } from '../host/sensor.ts'
import { uptimeTicks } from '../proc/cpu-time.ts'
import { type HostCpuTime, parseProcStat } from '../proc/proc-stat.ts'
import { parseCpuInfo } from './cpu-info.ts'

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
const US_PER_TICK = 10_000n

/** Inputs of the model: totals since boot. */
export interface EstimateInputs {
  readonly uptimeTicks: bigint
  readonly cpus: bigint
  readonly cpuTime: HostCpuTime
  readonly memoryKib: bigint
}

/** pJ between two rounds. A machine that was suspended in between is not estimated for that time. */
export function packageEnergy(model: PowerModel, from: EstimateInputs, to: EstimateInputs): bigint {
  const elapsedUs = (to.uptimeTicks - from.uptimeTicks) * US_PER_TICK
  const busy = busyUs(to.cpuTime) - busyUs(from.cpuTime)
  return curveEnergy(model, { capacityUs: elapsedUs * to.cpus, busyUs: busy > 0n ? busy : 0n })
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
  /** Distinguishes this run of the process from the previous one. */
  readonly runId: string
}

/** Also reports which row it uses, for the log. */
export function estimateSensor({
  files,
  roots,
  identity,
  runId,
}: EstimateOptions): Sensor & { readonly model: PowerModel } {
  const model = powerModelOf(parseCpuInfo(files.text(`${roots.proc}/cpuinfo`) ?? ''))
  let last: { readonly inputs: EstimateInputs; readonly suspends: number } | undefined
  let picojoules = 0n
  return {
    name: 'estimate',
    model,
    read(round): Reading[] {
      const inputs = readInputs(files, roots)
      const { suspends = 0 } = round
      const isSame = last?.inputs.cpus === inputs.cpus && last.suspends === suspends
      if (last !== undefined && isSame) picojoules += packageEnergy(model, last.inputs, inputs)
      last = { inputs, suspends }
      // Another number of CPUs or size of memory changes the slope, so it makes another counter.
      const hardware = `${identity.bootId}/${model.family}/${inputs.cpus}/${inputs.memoryKib}`
      const common = { quantity: 'energy', source: 'estimate:ccf', quality: 'estimated' } as const
      return [
        readingOf(identity, round, {
          ...common,
          domain: 'package-0',
          bootId: `${hardware}/${runId}${suspends === 0 ? '' : `/s${suspends}`}`,
          value: picojoules / PICOJOULES,
          attributes: { error_band: model.errorBand, model: model.family },
        }),
        readingOf(identity, round, {
          ...common,
          domain: 'dram-0',
          bootId: hardware,
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

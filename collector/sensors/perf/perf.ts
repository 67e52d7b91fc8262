/** RAPL by perf, where powercap does not show it. */
import type { Reading } from '../../readings/reading.ts'
import { counterEpoch } from '../host/counter-epoch.ts'
import type { KernelFiles } from '../host/files.ts'
import { type HostIdentity, type Roots, readingOf, type Sensor } from '../host/sensor.ts'
import { type CounterOptions, openCounter, type PerfCounter, PerfError } from './open-counter.ts'
import { findPowerEvents, type PowerEvent } from './power-events.ts'

/** Opens a counter; tests have their own. */
export type OpenCounter = (options: CounterOptions) => PerfCounter

/** Events that can be read, and why the others cannot. */
interface PerfProbe {
  readonly opened: readonly { readonly event: PowerEvent; readonly counter: PerfCounter }[]
  readonly refused: readonly { readonly event: PowerEvent; readonly error: Error }[]
}

/**
 * Opens all events of energy. Counters are those of the running kernel, so there are none for folders of another machine.
 */
function openPowerEvents(
  files: KernelFiles,
  roots: Roots,
  perCore: boolean,
  open: OpenCounter = openCounter,
): PerfProbe {
  const probe = { opened: [] as PerfProbe['opened'][number][], refused: [] as PerfProbe['refused'][number][] }
  if (open === openCounter && !isRunningKernel(files, roots)) return probe
  for (const event of findPowerEvents(files, roots, perCore)) {
    try {
      probe.opened.push({ event, counter: open(event) })
    } catch (error) {
      probe.refused.push({ event, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  return probe
}

function isRunningKernel(files: KernelFiles, { proc }: Roots): boolean {
  const bootId = (folder: string): string | undefined => files.text(`${folder}/sys/kernel/random/boot_id`)
  return bootId(proc) !== undefined && bootId(proc) === bootId('/proc')
}

/** Counters stay open while meters are looked for again: they would begin at 0. */
export class PerfCounters {
  #probe: PerfProbe | null = null

  /** Opens what there is, the first time. */
  open(files: KernelFiles, roots: Roots, perCore: boolean, open?: OpenCounter): PerfProbe {
    this.#probe ??= openPowerEvents(files, roots, perCore, open)
    return this.#probe
  }

  close(): void {
    for (const { counter } of this.#probe?.opened ?? []) counter.close()
    this.#probe = null
  }
}

/** Why an event cannot be read, and what changes that. */
export function perfProblem(error: Error): { readonly reason: string; readonly command: string } {
  if (error instanceof PerfError && error.isDenied) {
    return { reason: 'the kernel lets only CAP_PERFMON count for all processes', command: PERF_REMEDY }
  }
  return { reason: error.message, command: '' }
}

/** What lets this process open counters of all processes. */
const PERF_REMEDY =
  'sudo sysctl kernel.perf_event_paranoid=0 (or systemctl edit wattline: [Service] AmbientCapabilities=CAP_PERFMON)'

interface PerfOptions {
  readonly identity: HostIdentity
  /** A counter begins when it is opened. */
  readonly runId: string
}

/** One counter. */
export function perfSensor(
  { identity, runId }: PerfOptions,
  { event, counter }: PerfProbe['opened'][number],
): Sensor {
  const { domain, device, scale } = event
  return {
    name: `perf/${domain}${device === '' ? '' : `/${device}`}`,
    read(round): Reading[] {
      const value = (counter.read() * scale.numerator) / scale.denominator
      const bootId = `${counterEpoch(identity, round, 0)}/${runId}`
      const source = domain === 'host' ? 'rapl:psys' : 'rapl:perf'
      return [readingOf(identity, round, { quantity: 'energy', domain, device, value, source, bootId })]
    },
  }
}

/**
 * Energy counters as events of perf (/sys/bus/event_source/devices/power): the same RAPL counters as powercap, where its module is
 * missing or its files are for root alone. The kernel adds them up in 64 bits, so they never wrap.
 */
import type { Rational } from '../../../core/model/decimal.ts'
import { integerFile, type KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'

/** One event of one processor, core or machine. */
export interface PowerEvent {
  /** `power/energy-pkg`, for people. */
  readonly name: string
  /** Place in the meter tree. */
  readonly domain: string
  /** Parts of one domain, which add up: single cores; '' otherwise. */
  readonly device: string
  /** Number of the counters' driver, and of the event within it. */
  readonly type: number
  readonly config: bigint
  /** Any CPU of those that share the counter. */
  readonly cpu: number
  /** µJ of one count: a fraction. */
  readonly scale: Rational
}

/** Events by name, as places in the tree; `#`: number of the package, with that of the die where a package has several. */
const EVENTS: Readonly<Record<string, string>> = {
  'energy-pkg': 'package-#',
  'energy-cores': 'core-#',
  'energy-core': 'core-#',
  'energy-gpu': 'uncore-#',
  'energy-ram': 'dram-#',
  'energy-psys': 'host',
}
/** Drivers: of packages, and of single cores (AMD, Linux 6.15). */
const DRIVERS = ['power', 'power_core'] as const
const MICRO = 1_000_000n

/** All events; those of single cores only if `perCore`. psys is the host only where there is nothing else: see rapl.ts. */
export function findPowerEvents(files: KernelFiles, { sys }: Roots, perCore: boolean): PowerEvent[] {
  const found = DRIVERS.flatMap(driver =>
    driver === 'power_core' && !perCore ? [] : eventsOf(files, sys, driver),
  )
  const hasPackage = found.some(({ domain }) => domain.startsWith('package-'))
  return found.filter(({ domain }) => domain !== 'host' || !hasPackage)
}

function eventsOf(files: KernelFiles, sys: string, driver: (typeof DRIVERS)[number]): PowerEvent[] {
  const folder = `${sys}/bus/event_source/devices/${driver}`
  const type = integerFile(files, `${folder}/type`)
  const cpus = cpusIn(files.text(`${folder}/cpumask`) ?? '')
  if (type === undefined) return []
  return Object.entries(EVENTS).flatMap(([event, place]) => {
    const config = /^event=(0x[0-9a-f]+)$/.exec(files.text(`${folder}/events/${event}`) ?? '')?.[1]
    const scale = microjoulesOf(files.text(`${folder}/events/${event}.scale`) ?? '')
    const isJoules = files.text(`${folder}/events/${event}.unit`) === 'Joules'
    if (config === undefined || scale === undefined || !isJoules) return []
    const common = { name: `${driver}/${event}`, type: Number(type), config: BigInt(config), scale }
    const places = cpus.map(cpu => ({ cpu, ...topologyOf(files, sys, cpu) }))
    // The whole machine has one counter, which every package shows.
    const counted = place === 'host' ? places.slice(0, 1) : places
    return counted.map(one => {
      const isDivided = driver === 'power' && hasDies(places)
      const number = isDivided ? `${one.package}-die-${one.die}` : `${one.package}`
      const device = driver === 'power_core' ? `cpu-${one.cpu}` : ''
      return { ...common, domain: place.replace('#', number), device, cpu: one.cpu }
    })
  })
}

interface CpuPlace {
  readonly package: number
  readonly die: number
}

function topologyOf(files: KernelFiles, sys: string, cpu: number): CpuPlace {
  const number = (name: string): number =>
    Number(integerFile(files, `${sys}/devices/system/cpu/cpu${cpu}/topology/${name}`) ?? 0n)
  return { package: number('physical_package_id'), die: number('die_id') }
}

/** Two CPUs of the mask stand for one package: its dies have counters of their own. */
const hasDies = (places: readonly CpuPlace[]): boolean =>
  new Set(places.map(one => one.package)).size < places.length

/** `0,16`, `0-3`. */
export function cpusIn(mask: string): number[] {
  return mask
    .split(',')
    .filter(part => /^\d+(-\d+)?$/.test(part))
    .flatMap(part => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

/** `2.3283064365386962890625e-10` J, exactly, as µJ. */
function microjoulesOf(joules: string): Rational | undefined {
  const found = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(joules)
  if (found === null) return undefined
  const [, whole = '', fraction = '', exponent = '0'] = found
  const places = Number(exponent) - fraction.length
  const mantissa = BigInt(whole + fraction) * MICRO
  return places < 0
    ? { numerator: mantissa, denominator: 10n ** BigInt(-places) }
    : { numerator: mantissa * 10n ** BigInt(places), denominator: 1n }
}

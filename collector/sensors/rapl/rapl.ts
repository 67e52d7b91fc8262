/**
 * Energy counters of Intel and AMD processors under /sys/class/powercap (RAPL). The kernel's power-capping
 * documentation describes the zones and files.
 */

import { MAX_POWER_ATTRIBUTE } from '../../../core/books/plausible.ts'
import type { SensorSource } from '../../../core/books/sources.ts'
import type { Reading } from '../../readings/reading.ts'
import { type CounterLives, counterEpoch } from '../host/counter-epoch.ts'
import { integerFile, type KernelFiles } from '../host/files.ts'
import { type HostIdentity, type Roots, readingOf, type Sensor } from '../host/sensor.ts'
import { DieTwin } from './rapl-twins.ts'

interface RaplZone {
  /** Folder of the zone. */
  readonly folder: string
  readonly domain: string
  readonly source: SensorSource
  /** The highest power that the zone itself reports, mW; 0n: none. */
  readonly maxPowerMw: bigint
  /** Folder of the first die of the same package; absent for that die, and if there is one die. */
  readonly firstDie?: string
}

interface RaplProbe {
  readonly zones: readonly RaplZone[]
  /** The obstacle, for people; undefined when zones can be read or there are none. */
  readonly problem?: string
  /** Names of existing zones that are left out on purpose. */
  readonly leftOut: readonly string[]
  /** Files that cannot be read, with the reason. */
  readonly unreadable: readonly string[]
}

interface FoundZone {
  readonly folder: string
  /** `package-0`, `core`, ... as named by the kernel. */
  readonly name: string
  readonly source: SensorSource
  /** Name of the enclosing zone; '' at the top. */
  readonly parent: string
}

/** Finds the zones that are readable now and decides which of them to use. */
export function probeRapl(files: KernelFiles, roots: Roots): RaplProbe {
  const found = findZones(files, `${roots.sys}/class/powercap`)
  const unreadable: string[] = []
  const usable = found.filter(zone => {
    const problem = files.problem(`${zone.folder}/energy_uj`)
    if (problem !== undefined) unreadable.push(`${zone.folder}/energy_uj (${problem})`)
    return problem === undefined
  })
  const chosen = chooseZones(usable)
  const zones = chosen.map(({ folder, name, parent, source }) => {
    const firstDie = firstDieOf(name, chosen)
    return {
      folder,
      domain: domainOf(name, parent),
      source: name === 'psys' ? ('rapl:psys' as const) : source,
      maxPowerMw: (integerFile(files, `${folder}/constraint_0_max_power_uw`) ?? 0n) / 1000n,
      ...(firstDie === undefined || firstDie === folder ? {} : { firstDie }),
    }
  })
  const leftOut = usable.filter(zone => !chosen.includes(zone)).map(zone => zone.name)
  if (unreadable.length === 0) return { zones, leftOut, unreadable }
  return {
    zones,
    leftOut,
    unreadable,
    problem:
      `Cannot read ${unreadable[0]}${unreadable.length > 1 ? ` and ${unreadable.length - 1} more` : ''}. ` +
      'Run as root, give the process CAP_DAC_READ_SEARCH, or make energy_uj readable with a udev rule.',
  }
}

function findZones(files: KernelFiles, folder: string): FoundZone[] {
  const zones = files
    .names(folder)
    .filter(name => /^intel-rapl(-mmio)?(:\d+)+$/.test(name))
    .sort()
    .map(entry => ({
      entry,
      folder: `${folder}/${entry}`,
      name: files.text(`${folder}/${entry}/name`) ?? '',
      source: entry.startsWith('intel-rapl-mmio') ? ('rapl:mmio' as const) : ('rapl' as const),
    }))
  const nameOf = new Map(zones.map(zone => [zone.entry, zone.name]))
  return zones
    .filter(zone => zone.name !== '')
    .map(({ entry, ...zone }) => {
      const parts = entry.split(':')
      return { ...zone, parent: parts.length > 2 ? (nameOf.get(parts.slice(0, 2).join(':')) ?? '') : '' }
    })
}

/**
 * One zone per domain. The memory-mapped interface shows the same package again, so it is used only where the main one
 * shows none. `psys` stands for the whole host only if there is no other zone: the board's maker decides what it
 * contains (the platform, or only the processor's rails), and a host meter that contains less than its parts would turn
 * every window into skew.
 */
function chooseZones<Zone extends Pick<FoundZone, 'name' | 'parent' | 'source'>>(
  zones: readonly Zone[],
): Zone[] {
  const byDomain = new Map<string, Zone>()
  for (const zone of [...zones].sort((a, b) => a.source.length - b.source.length)) {
    if (!/^(package-|core$|uncore$|dram$|psys$)/.test(zone.name)) continue
    const domain = domainOf(zone.name, zone.parent)
    if (!byDomain.has(domain)) byDomain.set(domain, zone)
  }
  const hasPackage = [...byDomain.keys()].some(domain => domain.startsWith('package-'))
  if (hasPackage) byDomain.delete('host')
  return [...byDomain.values()]
}

/** `core` inside `package-0` is `core-0`; packages keep their name (also `package-0-die-1`). */
function domainOf(name: string, parent: string): string {
  if (name === 'psys') return 'host'
  if (name.startsWith('package-')) return name
  return `${name}-${parent.startsWith('package-') ? parent.slice('package-'.length) : '0'}`
}

/** Dies of one package may share a counter: see rapl-twins.ts. */
const firstDieOf = (name: string, zones: readonly FoundZone[]): string | undefined => {
  const die = /^(package-\d+-die-)/.exec(name)?.[1]
  return die === undefined ? undefined : zones.find(zone => zone.name.startsWith(die))?.folder
}

interface RaplOptions {
  readonly files: KernelFiles
  readonly identity: HostIdentity
  readonly lives: CounterLives
}

/**
 * One zone is one sensor: a zone that becomes unreadable does not affect the others. The range is read with every value,
 * because a driver that is loaded again may use another one.
 */
export function raplSensor({ files, identity, lives }: RaplOptions, zone: RaplZone): Sensor {
  const { domain, source, maxPowerMw, firstDie, folder } = zone
  const attributes = maxPowerMw > 0n ? { [MAX_POWER_ATTRIBUTE]: `${maxPowerMw}` } : {}
  const twin = firstDie === undefined ? null : new DieTwin()
  const readCounter = (of: string): bigint => {
    const value = integerFile(files, `${of}/energy_uj`)
    if (value === undefined) throw new Error(`${of}/energy_uj can no longer be read`)
    return value
  }
  return {
    name: `rapl/${domain}`,
    read(round): Reading[] {
      const before = firstDie === undefined ? 0n : readCounter(firstDie)
      const value = readCounter(folder)
      const rangeMax = integerFile(files, `${folder}/max_energy_range_uj`) ?? 0n
      if (twin !== null && firstDie !== undefined) {
        if (twin.isWithheld({ before, value, after: readCounter(firstDie), rangeMax })) return []
      }
      const bootId = counterEpoch(identity, round, lives.of(folder))
      const sample = { quantity: 'energy', domain, value, rangeMax, source, attributes, bootId } as const
      return [readingOf(identity, round, sample)]
    },
  }
}

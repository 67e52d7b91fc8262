/** What a host's meters counted in a span, by component, following the same meter tree as the books. */
import { componentOf } from '../../core/books/meter-tree.ts'
import { isPowerBetter } from '../../core/books/source-choice.ts'
import type { Component } from '../../core/model/components.ts'
import { type Counter, countBySources, type LiveSpan, type ReadingSource, sourcesOf } from './sources.ts'

interface LiveMeter {
  readonly domain: string
  readonly component: Component
  readonly sources: readonly ReadingSource[]
  /** Gauges of power of the same domain, if it has a counter too; core/books/source-choice.ts chooses. */
  readonly power: readonly ReadingSource[]
}

/** The meters of a host that are shown, by component. */
export interface Meters {
  readonly meters: readonly LiveMeter[]
  readonly boundary: 'host' | 'components'
}

/** Counters of energy and gauges of power, by the rules of the books. */
export function metersOf(counters: readonly Counter[]): Meters {
  const of = (quantity: 'energy' | 'power') =>
    Map.groupBy(
      counters.filter(({ row }) => row.Quantity === quantity),
      ({ row }) => row.Domain,
    )
  const [energy, power] = [of('energy'), of('power')]
  const domains = new Map([...power, ...energy])
  const metered = new Set(domains.keys())
  const meters = [...domains].flatMap(([domain, some]) => {
    const component = componentOf(domain, metered)
    const gauges = energy.has(domain) ? (power.get(domain) ?? []) : []
    if (component === null) return []
    return [{ domain, component, sources: sourcesOf(some, true), power: sourcesOf(gauges, true) }]
  })
  const hasHost = meters.some(({ component }) => component === 'host')
  // Fans, disks and the like are included in the part of a host's meter beyond its parts.
  const kept = hasHost ? meters.filter(({ component }) => component !== 'other') : meters
  return { meters: kept, boundary: hasHost ? 'host' : 'components' }
}

interface SpanEnergy {
  readonly components: ReadonlyMap<Component, bigint>
  /** Of component `gpu`, by domain. */
  readonly boards: ReadonlyMap<string, bigint>
}

/** Null when a meter has no value for the span: half a machine is not shown as the whole. */
export function energyOf({ meters }: Meters, span: LiveSpan): SpanEnergy | null {
  const found = new Map<Component, bigint>()
  const boards = new Map<string, bigint>()
  for (const meter of meters) {
    const { domain, component } = meter
    const counted = countMeter(meter, span)
    if (counted === undefined) return null
    found.set(component, (found.get(component) ?? 0n) + counted.amount)
    if (component === 'gpu') boards.set(domain, counted.amount)
  }
  if (found.size === 0) return null
  const host = found.get('host')
  return { components: host === undefined || found.size === 1 ? found : withRest(found, host), boards }
}

function countMeter({ sources, power }: LiveMeter, span: LiveSpan) {
  const counted = countBySources(sources, span, true)
  const gauged = power.length === 0 ? undefined : countBySources(power, span, true)
  if (counted === undefined || gauged === undefined) return counted ?? gauged
  const [energy, watts] = [counted, gauged].map(({ by, seenMs }) => ({ ...by, seenNs: seenMs }))
  return isPowerBetter(watts!, energy!) ? gauged : counted
}

/**
 * The host's meter beyond its parts is `other`. If the parts exceed the host, that is skew: then only its meter is
 * shown.
 */
function withRest(found: ReadonlyMap<Component, bigint>, host: bigint): ReadonlyMap<Component, bigint> {
  const parts = [...found].filter(([component]) => component !== 'host')
  const rest = host - parts.reduce((sum, [, uj]) => sum + uj, 0n)
  return rest < 0n ? new Map([['host', host]]) : new Map([...parts, ['other', rest]])
}

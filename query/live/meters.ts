/** What a host's meters counted in a span, by component, following the same meter tree as the books. */
import { componentOf } from '../../core/books/meter-tree.ts'
import type { Component } from '../../core/model/components.ts'
import { type Counter, countBySources, type LiveSpan, type ReadingSource, sourcesOf } from './sources.ts'

interface LiveMeter {
  readonly component: Component
  readonly sources: readonly ReadingSource[]
}

/** The meters of a host that are shown, by component. */
export interface Meters {
  readonly meters: readonly LiveMeter[]
  readonly boundary: 'host' | 'components'
}

/** Counters of energy and gauges of power; gauges count only where a domain has no counter. */
export function metersOf(counters: readonly Counter[]): Meters {
  const energy = Map.groupBy(
    counters.filter(({ row }) => row.Quantity === 'energy'),
    ({ row }) => row.Domain,
  )
  const power = Map.groupBy(
    counters.filter(({ row }) => row.Quantity === 'power' && !energy.has(row.Domain)),
    ({ row }) => row.Domain,
  )
  const domains = new Map([...energy, ...power])
  const metered = new Set(domains.keys())
  const meters = [...domains].flatMap(([domain, some]) => {
    const component = componentOf(domain, metered)
    return component === null ? [] : [{ component, sources: sourcesOf(some, true) }]
  })
  const hasHost = meters.some(({ component }) => component === 'host')
  // Fans, disks and the like are included in the part of a host's meter beyond its parts.
  const kept = hasHost ? meters.filter(({ component }) => component !== 'other') : meters
  return { meters: kept, boundary: hasHost ? 'host' : 'components' }
}

/** Null when a meter has no value for the span: half a machine is not shown as the whole. */
export function energyOf({ meters }: Meters, span: LiveSpan): ReadonlyMap<Component, bigint> | null {
  const found = new Map<Component, bigint>()
  for (const { component, sources } of meters) {
    const counted = countBySources(sources, span, true)
    if (counted === undefined) return null
    found.set(component, (found.get(component) ?? 0n) + counted.amount)
  }
  if (found.size === 0) return null
  const host = found.get('host')
  return host === undefined || found.size === 1 ? found : withRest(found, host)
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

/** From energy per domain to energy per component: what of a window is counted, once. */

import { componentOf } from '../../../core/books/meter-tree.ts'
import { COMPONENTS, type Component } from '../../../core/model/components.ts'
import { larger, smaller, sumOf } from '../../../core/model/integers.ts'
import { worstQuality } from '../../../core/model/quality.ts'
import { type MicroJoules, microJoules } from '../../../core/model/quantity.ts'
import { type Metered, sumOfErrors } from './aggregate.ts'

const NONE = microJoules(0n)

/** Energy of one component (`cpu`, `dram`, ...), made of one domain or of several. */
export interface ComponentEnergy extends Metered {
  readonly component: Component
}

/** A window's energy by component. Components and skew sum to `meteredUj`. */
export interface HostEnergy {
  readonly components: readonly ComponentEnergy[]
  /** What the children show above the host's own meter: negative or 0, a row of its own. */
  readonly skewUj: MicroJoules
  /** What the rows of this window must sum to. */
  readonly meteredUj: MicroJoules
  readonly boundary: 'host' | 'components'
}

/**
 * With a meter of the whole host: its measured children as they are, the rest `other`, or all of it `host` when no child
 * was measured. The host's meter counts only where it saw at least as much of the window as its children did: a meter
 * that began in the middle would make the rest of the minute look like skew.
 */
export function componentsOf(domains: ReadonlyMap<string, Metered>): HostEnergy {
  const metered = new Set(domains.keys())
  const byComponent = new Map<Component, Metered>()
  for (const domain of [...metered].sort()) {
    const component = componentOf(domain, metered)
    if (component === null) continue
    byComponent.set(component, together(byComponent.get(component), domains.get(domain)!))
  }
  const host = byComponent.get('host')
  byComponent.delete('host')
  // Fans, disks and the like are inside what a host's meter shows beyond processors, memory and accelerators.
  const children = [...byComponent].filter(([component]) => host === undefined || component !== 'other')
  if (host === undefined || children.some(([, child]) => child.coveredNs > host.coveredNs)) {
    const components = inOrder([...byComponent])
    return { components, skewUj: NONE, meteredUj: energyOf(components), boundary: 'components' }
  }
  const meteredUj = host.energyUj
  if (children.length === 0) {
    return { components: [{ component: 'host', ...host }], skewUj: NONE, meteredUj, boundary: 'host' }
  }
  const restUj = microJoules(meteredUj - energyOf(children.map(([, child]) => child)))
  const errorUj = sumOfErrors([host.errorUj, ...children.map(([, child]) => child.errorUj)])
  const rest: [Component, Metered] = ['other', { ...host, energyUj: larger(restUj, NONE), errorUj }]
  const components = inOrder([...children, rest])
  return { components, skewUj: smaller(restUj, NONE), meteredUj, boundary: 'host' }
}

function together(a: Metered | undefined, b: Metered): Metered {
  if (a === undefined) return b
  return {
    energyUj: microJoules(a.energyUj + b.energyUj),
    coveredNs: Math.min(a.coveredNs, b.coveredNs),
    quality: worstQuality([a.quality, b.quality]),
    sources: [...new Set([...a.sources, ...b.sources])].sort(),
    errorUj: sumOfErrors([a.errorUj, b.errorUj]),
  }
}

const inOrder = (found: readonly (readonly [Component, Metered])[]): ComponentEnergy[] =>
  COMPONENTS.flatMap(component =>
    found.filter(([name]) => name === component).map(([, metered]) => ({ component, ...metered })),
  )

const energyOf = (parts: readonly Metered[]): MicroJoules => sumOf(parts.map(({ energyUj }) => energyUj))

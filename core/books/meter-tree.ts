import type { Component } from '../model/components.ts'
import { domainKindOf, domainOf } from './domains.ts'

/**
 * The tree of meters: `host` contains packages, memory and devices; `package-N` contains `core-N` and `uncore-N`. A
 * child is never added to its parent, and counts by itself only where the parent is not metered. The board's maker
 * decides what `psys` contains (the platform, or only the processor's rails). It is the host where nothing else is
 * metered, and is otherwise ignored, since a host meter that contains less than its parts would turn every window into
 * skew.
 */

const INSIDE_PACKAGE = /^(?:core|uncore)(?:-(.*))?$/
const DIE = /^package-.*-die-/

/** The component of a domain's energy; null when another meter already includes it. */
export function componentOf(domain: string, metered: ReadonlySet<string>): Component | null {
  if (domain === 'host') return 'host'
  if (domain === 'psys') return hasParts(metered) ? null : 'host'
  const kind = domainKindOf(domain)
  const component = domainOf(domain)?.component ?? 'other'
  if (kind === 'core' || kind === 'uncore') {
    const inside = INSIDE_PACKAGE.exec(domain)
    if (inside === null) return 'other'
    return isInsideMetered(inside[1], metered) ? null : component
  }
  if (kind === 'package' && isHeldByPackage(domain, metered)) return null
  return kind === 'mig' && hasPrefix(metered, 'gpu') ? null : component
}

const hasParts = (metered: ReadonlySet<string>): boolean =>
  metered.has('host') ||
  hasPrefix(metered, 'package') ||
  hasPrefix(metered, 'core') ||
  hasPrefix(metered, 'dram')

/** A package that is reported as a whole and by its dies is one: the dies give way to the whole. */
function isHeldByPackage(domain: string, metered: ReadonlySet<string>): boolean {
  return DIE.test(domain) && metered.has(domain.replace(/-die-.*$/, ''))
}

function isInsideMetered(parent: string | undefined, metered: ReadonlySet<string>): boolean {
  if (parent === undefined) return hasPrefix(metered, 'package')
  // Exporters number the children of dies by zone. Which die contains the child does not matter, since all dies are
  // metered.
  return metered.has(`package-${parent}`) || [...metered].some(domain => DIE.test(domain))
}

const hasPrefix = (domains: ReadonlySet<string>, prefix: string): boolean =>
  [...domains].some(domain => domain.startsWith(prefix))

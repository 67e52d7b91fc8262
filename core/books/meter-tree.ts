import type { Component } from '../model/components.ts'
import { domainKindOf, domainOf } from './domains.ts'

/**
 * The tree of meters: `host` encloses packages, memory and devices; `package-N` encloses `core-N` and `uncore-N`. A child
 * is never added to its parent, and counts on its own only where the parent was not metered. `psys` encloses what the
 * board's maker likes (the platform, or the processor's rails alone): it is the host where nothing else is metered, and
 * else nothing, since a host's meter that encloses less than its parts would turn every window into skew.
 */

const INSIDE_PACKAGE = /^(?:core|uncore)(?:-(.*))?$/
const DIE = /^package-.*-die-/

/** What a domain's energy is counted as; null when another meter already holds it. */
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

/** A package by itself and by its dies is one: the dies step back for the whole. */
function isHeldByPackage(domain: string, metered: ReadonlySet<string>): boolean {
  return DIE.test(domain) && metered.has(domain.replace(/-die-.*$/, ''))
}

function isInsideMetered(parent: string | undefined, metered: ReadonlySet<string>): boolean {
  if (parent === undefined) return hasPrefix(metered, 'package')
  // Exporters number the children of dies by zone: which of the dies it is in does not matter, all are metered.
  return metered.has(`package-${parent}`) || [...metered].some(domain => DIE.test(domain))
}

const hasPrefix = (domains: ReadonlySet<string>, prefix: string): boolean =>
  [...domains].some(domain => domain.startsWith(prefix))

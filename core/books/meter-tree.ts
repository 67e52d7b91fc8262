import type { Component } from '../model/components.ts'

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
  if (domain.startsWith('package')) return isHeldByPackage(domain, metered) ? null : 'cpu'
  if (domain.startsWith('dram')) return 'dram'
  if (domain.startsWith('gpu')) return 'gpu'
  const inside = INSIDE_PACKAGE.exec(domain)
  if (inside !== null) return isInsideMetered(inside[1], metered) ? null : 'cpu'
  if (domain.startsWith('mig')) return hasPrefix(metered, 'gpu') ? null : 'gpu'
  return 'other'
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

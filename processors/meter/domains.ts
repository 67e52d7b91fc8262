import type { Component } from '../../core/model/components.ts'

/**
 * The tree of meters: `host` encloses packages, memory and devices; `package-N` encloses `core-N` and `uncore-N`. A child
 * is never added to its parent, and counts on its own only where the parent was not metered.
 */

const INSIDE_PACKAGE = /^(?:core|uncore)(?:-(.*))?$/

/** What a domain's energy is counted as; null when a metered parent already holds it. */
export function componentOf(domain: string, metered: ReadonlySet<string>): Component | null {
  if (domain === 'host') return 'host'
  if (domain.startsWith('package')) return 'cpu'
  if (domain.startsWith('dram')) return 'dram'
  if (domain.startsWith('gpu')) return 'gpu'
  const inside = INSIDE_PACKAGE.exec(domain)
  if (inside !== null) {
    const parent = inside[1] === undefined ? 'package' : `package-${inside[1]}`
    return metered.has(parent) || (inside[1] === undefined && hasPrefix(metered, 'package')) ? null : 'cpu'
  }
  if (domain.startsWith('mig')) return hasPrefix(metered, 'gpu') ? null : 'gpu'
  return 'other'
}

const hasPrefix = (domains: ReadonlySet<string>, prefix: string): boolean =>
  [...domains].some(domain => domain.startsWith(prefix))

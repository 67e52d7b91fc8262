/**
 * RAPL zones as exporters name them: their place in the meter tree, and the kernel interface through which they were
 * read.
 */

import type { BuiltInRow } from '../../../core/mappings/row.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { own } from './labels.ts'
import type { IgnoredReason, Located, PointContext } from './mapping.ts'

/**
 * `package`, `package-0`, `package_0_die_1`, `dram`, ...: the kernel's names of zones, with `_` for `-` in names of
 * metrics.
 */
const ZONE = /^(package|core|uncore|dram|psys)(?:[-_](\d{1,3}))?([-_]die(?:[-_](\d{1,3}))?)?$/

/** Package number of a powercap path: `/sys/class/powercap/intel-rapl:0:2` -> `0`. */
const packageOf = (path: string): string => /intel-rapl(?:-mmio)?:(\d+)/.exec(path)?.[1] ?? '0'

/**
 * RAPL zones by name. The number of a package is in its name or its label; that of a child is its parent's, in the
 * path. The memory-mapped interface shows the same package again: it is another source of one meter, never a second
 * meter. The board's maker decides what psys contains; the meter tree decides whether it stands for the host.
 */
export const raplZone =
  (zoneLabel: string, fixed?: string) =>
  ({ point }: PointContext): Located | IgnoredReason => {
    const path = own(point, 'path')
    const domain = domainOf(fixed ?? own(point, zoneLabel), point, path)
    if (domain === null) return 'zone'
    // Several psys zones are parts.
    const device = domain === 'psys' && path !== '' ? packageOf(path) : ''
    return path.includes('intel-rapl-mmio') ? { domain, device, interface: 'mmio' } : { domain, device }
  }

function domainOf(zone: string, point: LabelMap, path: string): string | null {
  const found = ZONE.exec(zone)
  if (found === null) return null
  const [, name, number, isDie, die] = found
  const index = own(point, 'index')
  if (name === 'psys') return 'psys'
  if (name !== 'package') return `${name}-${path === '' ? index || number || '0' : packageOf(path)}`
  if (isDie === undefined) return `package-${number ?? (index || packageOf(path))}`
  return `package-${number ?? '0'}-die-${die ?? (index || '0')}`
}

/** node_exporter has a separate metric for each die's zone. */
export const PATTERN_PREFIX = 'node_rapl_package_'
const DIE_METRIC = /^node_rapl_(package_\d{1,3}(?:_die(?:_\d{1,3})?)?)_joules_total$/

/** Rows for a metric whose name begins with `PATTERN_PREFIX`; empty if the metric is not that of a zone. */
export function rowsByPattern(metric: string): readonly BuiltInRow[] {
  const zone = DIE_METRIC.exec(metric)?.[1]
  if (zone === undefined) return []
  return [
    { source: 'node_exporter', metric, quantity: 'energy', unit: 'J', reader: 'rapl_zone', args: ['', zone] },
  ]
}

import type { MetricType } from '../metric.ts'

/** The role of a sample in its family. */
export type SampleRole = 'value' | 'bucket' | 'quantile' | 'sum' | 'count' | 'created'

/** Suffixes of each type; a name without a suffix is the family's own. */
const ROLES: Readonly<Record<MetricType, Readonly<Record<string, SampleRole>>>> = {
  unknown: { '': 'value' },
  gauge: { '': 'value' },
  stateset: { '': 'value' },
  info: { _info: 'value', '': 'value' },
  counter: { _total: 'value', _created: 'created', '': 'value' },
  histogram: { _bucket: 'bucket', _sum: 'sum', _count: 'count', _created: 'created' },
  gaugehistogram: { _bucket: 'bucket', _gsum: 'sum', _gcount: 'count', _created: 'created' },
  summary: { '': 'quantile', _sum: 'sum', _count: 'count', _created: 'created' },
}

/** Undefined: a sample with this name belongs to another family. */
export function roleOf(name: string, family: string, type: MetricType): SampleRole | undefined {
  if (!name.startsWith(family)) return undefined
  const roles = ROLES[type]
  const suffix = name.slice(family.length)
  return Object.hasOwn(roles, suffix) ? roles[suffix] : undefined
}

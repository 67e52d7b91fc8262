/** Label sets of stored series: of a metric, its service, its attributes and its resource. */
import type { LabelMap } from '../../../core/model/label-text.ts'
import { type Labels, labelsOf } from '../../promql/index.ts'
import { translatedLabel } from './names.ts'

/** What tells series of one metric apart, as it is stored. */
export interface StoredSeries {
  readonly service: string
  /** Attributes of the point, a JSON object of texts. */
  readonly labels: string
  /** Attributes of the resource, the same. */
  readonly resource: string
}

const parsed = (text: string): LabelMap =>
  text === '{}' || text === '' ? {} : (JSON.parse(text) as LabelMap)

const NAMESPACE = 'service.namespace'
const INSTANCE = 'service.instance.id'
const SERVICE = 'service.name'

/** Attributes that describe a resource and do not tell it from others of its kind. */
const DESCRIBES = /^(telemetry\.|service\.(name|namespace|version|instance\.id)$)/

/**
 * The label set. `job` and `instance` come from the resource, as in Prometheus. A resource without an instance shows
 * what else it says of itself: its series would be the same as those of others.
 * @param isTranslated names of labels as Prometheus can write them without quotes; otherwise as they were sent
 */
export function labelsOfSeries(metric: string, series: StoredSeries, isTranslated: boolean): Labels {
  const resource = parsed(series.resource)
  const record: Record<string, string> = {}
  if (!resource[INSTANCE] && series.resource !== '{}') {
    for (const [name, value] of Object.entries(resource))
      if (!DESCRIBES.test(name)) set(record, name, value, isTranslated)
  }
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(parsed(series.labels))) set(own, name, value, isTranslated)
  Object.assign(record, own, identityOf(series, resource), { __name__: metric })
  return labelsOf(record)
}

/** Names that become the same: their values one after another, as in Prometheus. */
function set(record: Record<string, string>, name: string, value: string, isTranslated: boolean): void {
  const label = isTranslated ? translatedLabel(name) : name
  const before = record[label]
  record[label] = before === undefined || label === name ? value : `${before};${value}`
}

function identityOf(series: StoredSeries, resource: LabelMap): Record<string, string> {
  const namespace = resource[NAMESPACE]
  const job = namespace ? `${namespace}/${series.service}` : series.service
  return {
    ...(series.service === '' ? {} : { job }),
    ...(resource[INSTANCE] ? { instance: resource[INSTANCE] } : {}),
  }
}

/** The metric that tells what a resource says of itself. */
export const TARGET_INFO = 'target_info'

/** Label set of `target_info`: all that a resource says; null for one that says no more than job and instance. */
export function targetInfoOf(series: StoredSeries): Labels | null {
  const resource = parsed(series.resource)
  const record: Record<string, string> = {}
  for (const [name, value] of Object.entries(resource)) {
    if (name !== SERVICE && name !== NAMESPACE && name !== INSTANCE) set(record, name, value, true)
  }
  if (Object.keys(record).length === 0) return null
  const identity = identityOf(series, resource)
  if (Object.keys(identity).length === 0) return null
  return labelsOf({ ...record, ...identity, __name__: TARGET_INFO })
}

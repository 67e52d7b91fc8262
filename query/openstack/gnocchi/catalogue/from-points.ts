/** Which resource and metric a series of points is. */
import { labelText } from '../../../../core/model/label-text.ts'
import { GENERIC, typeOfMeter } from '../model/types.ts'
import type { SeriesRow } from './listing.ts'

type LabelTexts = Readonly<Record<string, string>>

/** What a series says of its resource and metric. */
export interface PointIdentity {
  /** The resource's id, as it was given. */
  readonly original: string
  readonly type: string
  readonly userId: string | null
  readonly projectId: string | null
  readonly attributes: Readonly<Record<string, string>>
  readonly name: string
  readonly unit: string | null
}

interface PointMeta {
  readonly description?: string
  readonly unit?: string
}

const parsed = <Value>(text: string): Value => (text === '' ? {} : JSON.parse(text)) as Value

/** Attributes of Ceilometer's samples that describe the resource. */
const OF_RESOURCE = ['resource_id', 'user_id', 'project_id']
/** Longest unit of Gnocchi. */
const UNIT_MAX = 31

/** Samples of Ceilometer name their resource; other series are of what sent them. */
export function pointIdentity(row: SeriesRow): PointIdentity {
  const labels = parsed<LabelTexts>(row.labels)
  const { description = '', unit = '' } = parsed<PointMeta>(row.meta)
  const resourceId = labels['resource_id'] ?? ''
  const more = Object.entries(labels).filter(([name]) => resourceId === '' || !OF_RESOURCE.includes(name))
  const plain = resourceId === '' ? row.metric : meterName(row.metric, description)
  const suffix = more.length === 0 ? '' : `{${labelText(Object.fromEntries(more.toSorted()))}}`
  const common = { name: `${plain}${suffix}`, unit: unit === '' ? null : unit.slice(0, UNIT_MAX) }
  if (resourceId === '') return { ...common, ...senderOf(row), userId: null, projectId: null }
  return {
    ...common,
    original: resourceId,
    type: plain === row.metric && row.service !== 'ceilometer' ? GENERIC : typeOfMeter(plain),
    userId: labels['user_id'] || null,
    projectId: labels['project_id'] || null,
    attributes: {},
  }
}

/** Ceilometer's publisher replaces the dots of a name and keeps the name in the description. */
function meterName(metric: string, description: string): string {
  const [given = ''] = description.split(' unit:', 1)
  return given.replaceAll('.', '_') === metric ? given : metric
}

function senderOf({ service, resource }: SeriesRow): Pick<PointIdentity, 'original' | 'type' | 'attributes'> {
  const said = parsed<LabelTexts>(resource)
  const namespace = said['service.namespace']
  const job = (namespace ? `${namespace}/${service}` : service) || 'unknown'
  const instance = said['service.instance.id'] || said['k8s.pod.name'] || said['host.name'] || 'none'
  return { original: `${job}@${instance}`, type: 'service', attributes: { job, instance } }
}

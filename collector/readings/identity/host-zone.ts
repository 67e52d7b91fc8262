/** The grid zone of the host that a point is about, from what the point and its resource say of the place. */
import type { LabelMap } from '../../../core/model/label-text.ts'
import { zoneOfCloud } from '../../../core/model/places/cloud-regions.ts'
import { ZONE } from '../../../core/model/zone.ts'
import { own } from '../mappings/labels.ts'
import type { PointContext } from '../mappings/mapping.ts'

/** Name of a place that stands in no table of regions, for reports. */
export type RegionUnknown = (region: string) => void

interface PlaceLabels {
  readonly provider: readonly string[]
  readonly region: readonly string[]
  readonly availabilityZone: readonly string[]
}

/** A sender may say the zone itself. */
const EXPLICIT = ['wattline.zone', 'wattline_zone']

const CLOUD: PlaceLabels = {
  provider: ['cloud.provider', 'cloud_provider'],
  region: ['cloud.region', 'cloud_region'],
  availabilityZone: ['cloud.availability_zone', 'cloud_availability_zone'],
}

/** Well-known labels of Kubernetes nodes, as collectors, kube-state-metrics and relabelling write them. */
const nodeLabel = (name: string): readonly string[] => {
  const flat = name.replaceAll(/[^a-z]/g, '_')
  return [name, `k8s.node.label.${name}`, `k8s.node.labels.${name}`, flat, `label_${flat}`]
}
const KUBERNETES: PlaceLabels = {
  provider: [],
  region: [
    ...nodeLabel('topology.kubernetes.io/region'),
    ...nodeLabel('failure-domain.beta.kubernetes.io/region'),
  ],
  availabilityZone: [
    ...nodeLabel('topology.kubernetes.io/zone'),
    ...nodeLabel('failure-domain.beta.kubernetes.io/zone'),
  ],
}
/** Labels of scrape targets that mean the same by habit. They name other things as often, which are in no table of regions. */
const TARGET: PlaceLabels = {
  provider: ['provider'],
  region: ['region'],
  availabilityZone: ['availability_zone', 'az', 'zone'],
}

/** '' where nothing says it. @param unknown hears of regions that are in no table */
export function hostZoneOf(place: PointContext, unknown: RegionUnknown = () => {}): string {
  const explicit = labelOf(place, EXPLICIT)
  if (ZONE.test(explicit)) return explicit
  const platform = labelOf(place, ['cloud.platform']).split('_', 1)[0] ?? ''
  for (const labels of [CLOUD, KUBERNETES, TARGET]) {
    const provider = labelOf(place, labels.provider) || labelOf(place, CLOUD.provider) || platform
    const region = labelOf(place, labels.region)
    const availabilityZone = labelOf(place, labels.availabilityZone)
    if (region === '' && availabilityZone === '') continue
    const zone = zoneOfCloud({ provider, region, availabilityZone })
    if (zone !== null) return zone
    if (labels !== TARGET) unknown([provider, region || availabilityZone].filter(Boolean).join(' '))
  }
  return ''
}

function labelOf({ point, resource }: PointContext, names: readonly string[]): string {
  if (names.length === 0) return ''
  return own(point, ...names) || firstOf(resource, names)
}

function firstOf(labels: LabelMap, names: readonly string[]): string {
  for (const name of names) {
    const value = labels[name]
    if (value) return value
  }
  return ''
}

/**
 * Finds the workload or the place in the host's meter tree of a point, from its labels and those of its resource. Pure
 * and stateless: the same labels always give the same identity, so it may be cached.
 */

import { ACCOUNT_ATTRIBUTE } from '../../../core/model/identity.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import { own } from '../mappings/labels.ts'
import {
  type Captures,
  type IgnoredReason,
  type Located,
  type Mapping,
  NO_CAPTURES,
  type PointContext,
} from '../mappings/mapping.ts'
import { type MetricRule, rowProblem } from '../mappings/rule.ts'
import { keptAttributes } from '../mappings/workload.ts'
import { cloudIdOf } from './cloud-id.ts'
import { hostZoneOf, type RegionUnknown } from './host-zone.ts'

/** Everything in a reading except time, epoch and value. */
export interface IdentifiedReading {
  readonly mapping: Mapping
  readonly host: string
  readonly hostName: string
  readonly domain: string
  readonly device: string
  readonly workloadKind: string
  readonly workloadId: string
  readonly source: string
  readonly quality: string
  readonly attributes: LabelMap
  /** A cloud's id of the host, if the point or its resource says one beside the host; ''. */
  readonly cloudId: string
}

/** A point that is not a reading, with the reason. */
export interface Unidentified {
  readonly reason: IgnoredReason
  /** Whether this is found before the point's time is checked: only the first reason is counted. */
  readonly isBeforeTime: boolean
}

/** Resource attribute by which a sender states that the value was not measured: see `wattline simulate`. */
const SOURCE_ATTRIBUTE = 'wattline.source'
const SIMULATED = 'simulated'

const NO_LABELS: LabelMap = {}

/** Facts that are not in the labels. */
export interface IdentifiedSender {
  /** The account that pays for the workloads, if the credential names one. */
  readonly account?: string | undefined
  readonly regionUnknown?: RegionUnknown | undefined
}

/** Never throws: a point that cannot be a reading has a reason. */
export function identify(
  rule: MetricRule,
  place: PointContext,
  sender: IdentifiedSender = {},
): IdentifiedReading | Unidentified {
  const { point, resource } = place
  const found = applicable(rule.rows, place)
  if (found === null) return { reason: reasonOf(rule.rows), isBeforeTime: true }
  const { mapping, captures } = found
  const mismatch = rowProblem(mapping, rule)
  if (mismatch !== null) return { reason: mismatch, isBeforeTime: true }
  const host = hostOf(mapping, place, captures)
  if (host === undefined) return { reason: 'no_host', isBeforeTime: false }
  const alias = mapping.aliasOf === null ? null : withoutPort(mapping.aliasOf(place, captures))
  if (alias === '') return { reason: 'label', isBeforeTime: false }
  const located = mapping.locate(place, captures)
  if (typeof located === 'string') return { reason: located, isBeforeTime: false }
  const isSimulated = resource[SOURCE_ATTRIBUTE] === SIMULATED
  return {
    mapping,
    host: host.id,
    hostName: alias ?? host.name,
    domain: located.domain,
    device: located.device ?? '',
    workloadKind: located.workload?.kind ?? '',
    workloadId: located.workload?.id ?? '',
    source: `${isSimulated ? SIMULATED : mapping.source}:${rule.metric}${located.interface === undefined ? '' : `:${located.interface}`}`,
    quality: isSimulated ? SIMULATED : 'measured',
    attributes: attributesOf(located, resource, hostZoneOf(place, sender.regionUnknown), sender.account),
    cloudId: host.isSaid ? cloudIdOf(own(point, 'provider_id'), NO_LABELS) : cloudIdOf('', resource),
  }
}

/** No row applies: the labels name something else, such as a sensor of a part. */
const reasonOf = (rows: readonly Mapping[]): IgnoredReason =>
  rows.every(row => row.isHostMeter) ? 'not_host_meter' : 'label'

/** The first row whose conditions hold. */
function applicable(
  rows: readonly Mapping[],
  place: PointContext,
): { readonly mapping: Mapping; readonly captures: Captures } | null {
  for (const mapping of rows) {
    const captures = mapping.match === null ? NO_CAPTURES : mapping.match(place)
    if (captures !== null) return { mapping, captures }
  }
  return null
}

interface Host {
  readonly id: string
  readonly name: string
  /** The labels of the point say so: what the resource says is of another machine. */
  readonly isSaid: boolean
}

function hostOf(mapping: Mapping, place: PointContext, captures: Captures): Host | undefined {
  const { point, resource } = place
  const said = mapping.hostOf === null ? '' : mapping.hostOf(place, captures)
  if (said !== '') return { id: said, name: said, isSaid: true }
  if (mapping.isElsewhere) return undefined
  const id = resource['host.id'] || resource['host.name'] || resource['k8s.node.name']
  if (id) return { id, name: resource['host.name'] || resource['k8s.node.name'] || id, isSaid: false }
  if (mapping.untyped === undefined) return undefined
  // Prometheus receivers put the target's `instance` on the resource, under this name.
  const instance = withoutPort(own(point, 'instance') || resource['service.instance.id'] || '')
  return instance === '' ? undefined : { id: instance, name: instance, isSaid: false }
}

const withoutPort = (address: string): string => address.replace(/:\d+$/, '')

function attributesOf(
  located: Located,
  resource: LabelMap,
  zone: string,
  account: string | undefined,
): LabelMap {
  const { workload } = located
  const ofHost = zone === '' ? NO_LABELS : { [ZONE_ATTRIBUTE]: zone }
  if (workload === undefined) {
    const kept = keptAttributes(NO_LABELS, { 'cloud.account.id': resource['cloud.account.id'] ?? '' })
    return { ...kept, ...ofHost }
  }
  return {
    ...workload.attributes,
    'workload.name': workload.name,
    ...(workload.namespace === '' ? {} : { 'workload.namespace': workload.namespace }),
    ...ofHost,
    ...(account === undefined ? {} : { [ACCOUNT_ATTRIBUTE]: account }),
  }
}

/**
 * Whose a point is and where in the host's meter tree, from its labels and those of its resource: pure and without state,
 * so that the same labels always give the same identity, which may be remembered.
 */

import { ACCOUNT_ATTRIBUTE } from '../../../core/model/identity.ts'
import type { Labels } from '../../../core/model/label-text.ts'
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import { own } from '../mappings/labels.ts'
import type { IgnoredReason, Located, Mapping, PointContext } from '../mappings/mapping.ts'
import { type MetricRule, rowProblem } from '../mappings/rule.ts'
import { keptAttributes } from '../mappings/workload.ts'
import { hostZoneOf, type RegionUnknown } from './host-zone.ts'

/** What a reading says beside its time, its epoch and its value. */
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
  readonly attributes: Labels
}

/** A point that is not a reading, and why. */
export interface Unidentified {
  readonly reason: IgnoredReason
  /** Whether this is found before anyone asks for the point's time: one reason is counted, the first. */
  readonly isBeforeTime: boolean
}

/** Resource attribute with which a sender says that the value was not measured: see `wattline simulate`. */
const SOURCE_ATTRIBUTE = 'wattline.source'
const SIMULATED = 'simulated'

const NO_LABELS: Labels = {}
const NO_ALIASES: ReadonlyMap<string, string> = new Map()

/** What the labels do not say. */
export interface IdentifiedSender {
  /** Pays for the workloads, where the credential says so. */
  readonly account?: string | undefined
  readonly regionUnknown?: RegionUnknown | undefined
}

/** Never throws: what cannot be a reading has its reason. */
export function identify(
  rule: MetricRule,
  place: PointContext,
  aliases: ReadonlyMap<string, string> = NO_ALIASES,
  sender: IdentifiedSender = {},
): IdentifiedReading | Unidentified {
  const { resource } = place
  const mapping = rule.rows.find(row => applies(row, place.point))
  if (mapping === undefined) return { reason: 'label', isBeforeTime: true }
  const mismatch = rowProblem(mapping, rule)
  if (mismatch !== null) return { reason: mismatch, isBeforeTime: true }
  const host = named(hostOf(mapping, place), aliases)
  if (host === undefined) return { reason: 'no_host', isBeforeTime: false }
  const located = mapping.locate(place)
  if (typeof located === 'string') return { reason: located, isBeforeTime: false }
  const isSimulated = resource[SOURCE_ATTRIBUTE] === SIMULATED
  return {
    mapping,
    host: host.id,
    hostName: host.name,
    domain: located.domain,
    device: located.device ?? '',
    workloadKind: located.workload?.kind ?? '',
    workloadId: located.workload?.id ?? '',
    source: `${isSimulated ? SIMULATED : mapping.source}:${rule.metric}${located.interface === undefined ? '' : `:${located.interface}`}`,
    quality: isSimulated ? SIMULATED : 'measured',
    attributes: attributesOf(located, resource, hostZoneOf(place, sender.regionUnknown), sender.account),
  }
}

const applies = (row: Mapping, labels: Labels): boolean =>
  row.when === undefined || Object.entries(row.when).every(([key, value]) => own(labels, key) === value)

interface Host {
  readonly id: string
  readonly name: string
}

function hostOf(mapping: Mapping, { point, resource }: PointContext): Host | undefined {
  const said = mapping.hostLabels === undefined ? '' : own(point, ...mapping.hostLabels)
  if (said !== '') return { id: said, name: said }
  const id = resource['host.id'] || resource['host.name'] || resource['k8s.node.name']
  if (id) return { id, name: resource['host.name'] || resource['k8s.node.name'] || id }
  if (mapping.untyped === undefined) return undefined
  // Receivers of Prometheus put the target's `instance` on the resource, under this name.
  const instance = (own(point, 'instance') || resource['service.instance.id'] || '').replace(/:\d+$/, '')
  return instance === '' ? undefined : { id: instance, name: instance }
}

/** A host that is configured to be another one says nothing of that one's name. */
function named(host: Host | undefined, aliases: ReadonlyMap<string, string>): Host | undefined {
  const other = host === undefined ? undefined : aliases.get(host.id)
  return other === undefined ? host : { id: other, name: other }
}

function attributesOf(located: Located, resource: Labels, zone: string, account: string | undefined): Labels {
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

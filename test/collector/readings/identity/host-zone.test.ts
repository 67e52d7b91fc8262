/** Guarantees: which of several statements about the place of a host decides its zone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostZoneOf } from '../../../../collector/readings/identity/host-zone.ts'
import type { LabelMap } from '../../../../core/model/label-text.ts'

const zoneOf = (resource: LabelMap, point: LabelMap = {}): string => hostZoneOf({ resource, point })

test.each<[string, LabelMap, LabelMap]>([
  ['SE-SE3', { 'wattline.zone': 'SE-SE3', 'cloud.provider': 'aws', 'cloud.region': 'eu-central-1' }, {}],
  ['DE', { 'cloud.provider': 'aws', 'cloud.region': 'eu-central-1' }, {}],
  ['DE', { 'cloud.platform': 'aws_eks', 'cloud.availability_zone': 'eu-central-1b' }, {}],
  ['IE', { 'cloud.provider': 'aws', 'topology.kubernetes.io/region': 'eu-west-1' }, {}],
  ['NL', { 'topology.kubernetes.io/zone': 'westeurope-1' }, {}],
  ['NL', { 'k8s.node.label.topology.kubernetes.io/region': 'westeurope' }, {}],
  ['BE', {}, { topology_kubernetes_io_zone: 'europe-west1-c' }],
  ['BE', {}, { label_topology_kubernetes_io_region: 'europe-west1' }],
  ['BE', {}, { failure_domain_beta_kubernetes_io_region: 'europe-west1' }],
  ['NO-NO2', {}, { wattline_zone: 'NO-NO2', topology_kubernetes_io_zone: 'europe-west1-c' }],
  ['DE', {}, { exported_region: 'eu-central-1', region: 'us-east-2' }],
  ['DE', {}, { region: 'eu-central-1' }],
  ['DE', {}, { cloud_provider: 'aws', cloud_region: 'eu-central-1' }],
  // A RAPL zone, a region of somebody's own, an explicit zone that is no zone.
  ['', {}, { zone: 'package-0' }],
  ['', { 'cloud.region': 'RegionOne' }, {}],
  ['DE', { 'wattline.zone': 'in the cellar', 'cloud.provider': 'aws', 'cloud.region': 'eu-central-1' }, {}],
  ['', {}, {}],
])('%s of %j and %j', (zone, resource, point) => {
  expect(zoneOf(resource, point)).toBe(zone)
})

test('an unknown region is reported, with its provider', () => {
  const told: string[] = []
  const place = { resource: { 'cloud.provider': 'aws', 'cloud.region': 'mars-north-1' }, point: {} }
  expect(hostZoneOf(place, region => told.push(region))).toBe('')
  expect(told).toEqual(['aws mars-north-1'])
})

describe('the order of sources', () => {
  /** From first to last. */
  const sources: readonly (readonly [zone: string, labels: LabelMap])[] = [
    ['SE-SE3', { 'wattline.zone': 'SE-SE3' }],
    ['DE', { 'cloud.region': 'eu-central-1' }],
    ['NL', { 'topology.kubernetes.io/region': 'westeurope' }],
    ['BE', { region: 'europe-west1' }],
  ]

  test('the first that is given decides, wherever it is given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('no', 'resource', 'point'), { minLength: 4, maxLength: 4 }),
        said => {
          const on = (where: string): LabelMap =>
            Object.assign({}, ...sources.map(([, labels], index) => (said[index] === where ? labels : {})))
          const first = sources.find((_, index) => said[index] !== 'no')
          expect(zoneOf(on('resource'), on('point'))).toBe(first?.[0] ?? '')
        },
      ),
      { seed: 43, numRuns: 81 },
    )
  })
})

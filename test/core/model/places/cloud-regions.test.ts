/**
 * Guarantees: every region of the table has a known zone and a source; a statement of a host's place gives that zone or
 * none.
 */
import { expect, test } from 'vitest'
import { yearlyIntensity } from '../../../../core/model/factor.ts'
import { CLOUD_REGIONS, type CloudPlace, zoneOfCloud } from '../../../../core/model/places/cloud-regions.ts'
import { countryOf, GRID_ZONES } from '../../../../core/model/places/grid-zones.ts'
import { ZONE } from '../../../../core/model/zone.ts'

const ROWS = CLOUD_REGIONS.flatMap(({ provider, source, regions }) =>
  regions.map(([region, location, zone]) => ({ provider, source, region, location, zone })),
)

test('every row names a region once, a place, a zone that exists, and a source', () => {
  expect(ROWS.length).toBeGreaterThan(250)
  const keys = ROWS.map(({ provider, region }) => `${provider} ${region}`)
  expect(new Set(keys).size).toBe(keys.length)
  for (const { region, location, zone, source } of ROWS) {
    expect(region).toMatch(/^[a-z0-9-]+$/)
    expect(location).not.toBe('')
    expect(GRID_ZONES.has(zone), `${region}: ${zone}`).toBe(true)
    expect(source).toMatch(/^https:\/\//)
  }
})

test('zones have names of one form, and those of split countries fall back to a country', () => {
  for (const zone of GRID_ZONES) {
    expect(zone).toMatch(ZONE)
    expect(countryOf(zone)).toBe(zone.length === 2 ? null : zone.slice(0, 2))
  }
  expect(['SE-SE3', 'US-CAL-CISO'].map(zone => yearlyIntensity(countryOf(zone) ?? '')?.zone)).toEqual([
    'SE',
    'US',
  ])
})

test('names and aliases of providers are told apart', () => {
  const names = CLOUD_REGIONS.flatMap(({ provider, aliases }) => [provider, ...aliases])
  expect(new Set(names).size).toBe(names.length)
})

const place = (facts: Partial<CloudPlace>): CloudPlace => ({
  provider: '',
  region: '',
  availabilityZone: '',
  ...facts,
})

test.each<[Partial<CloudPlace>, string | null]>([
  [{ provider: 'aws', region: 'eu-west-1' }, 'IE'],
  [{ provider: 'alibaba_cloud', region: 'eu-west-1' }, 'GB'],
  [{ region: 'eu-west-1' }, null],
  [{ region: 'eu-central-1' }, 'DE'],
  [{ region: 'ap-southeast-3' }, null],
  [{ provider: 'gcp', region: 'europe-west1', availabilityZone: 'europe-west1-b' }, 'BE'],
  [{ provider: 'gcp', availabilityZone: 'europe-west1-b' }, 'BE'],
  [{ availabilityZone: 'europe-west12-a' }, 'IT-NO'],
  [{ provider: 'azure', region: 'West Europe' }, 'NL'],
  [{ provider: 'Azure', region: 'swedencentral', availabilityZone: 'swedencentral-2' }, 'SE-SE3'],
  [{ provider: 'aws', availabilityZone: 'us-west-1c' }, 'US-CAL-CISO'],
  [{ provider: 'aws', region: 'us-east-1', availabilityZone: 'use1-az4' }, 'US-MIDA-PJM'],
  [{ provider: 'aws', region: 'us-west-2', availabilityZone: 'us-west-2-lax-1a' }, null],
  [{ provider: 'oracle_cloud', availabilityZone: 'Uocm:EU-FRANKFURT-1-AD-1' }, 'DE'],
  [{ provider: 'ibm_cloud', availabilityZone: 'us-south-2' }, 'US-TEX-ERCO'],
  [{ provider: 'hetzner', region: 'fsn1', availabilityZone: 'fsn1-dc14' }, 'DE'],
  [{ provider: 'digitalocean', region: 'lon1' }, 'GB'],
  [{ provider: 'ovh', region: 'GRA11' }, 'FR'],
  [{ provider: 'scaleway', availabilityZone: 'nl-ams-1' }, 'NL'],
  [{ provider: 'ovh', region: 'de' }, 'DE'],
  [{ region: 'de' }, null],
  [{ provider: 'tencent_cloud', region: 'eu-frankfurt' }, null],
  [{ provider: 'aws', region: 'mars-north-1' }, null],
  [{}, null],
])('%j is in zone %s', (facts, zone) => {
  expect(zoneOfCloud(place(facts))).toBe(zone)
})

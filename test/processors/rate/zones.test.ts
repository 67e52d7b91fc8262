/** Guarantees: sites first, then the zone that a host says, then `factors.zone`; a part of a country falls back to the country. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { energyRow } from './energy-row.ts'
import { rateRows } from './rate-rows.ts'

const rated = (config: unknown, rows: Parameters<typeof rateRows>[1]) =>
  rateRows(createRate(configSchema.parse(config)), rows)

test.each([
  ['', 'h1', 'FR', 'yearly-2024:FR:'],
  ['DE', 'h1', 'DE', 'yearly-2024:DE:'],
  ['SE-SE3', 'h1', 'SE-SE3', 'yearly-2024:SE:35.8:'],
  ['US-CAL-CISO', 'h1', 'US-CAL-CISO', 'yearly-2024:US:'],
  ['DE', 'sto-1', 'SE-SE3', 'yearly-2024:SE:'],
  ['DE', 'lab-1', 'DE', 'yearly-2024:DE:'],
  ['', 'lab-1', 'FR', 'yearly-2024:FR:'],
  ['BH', 'h1', 'BH', ''],
])('a host that says %j, named %s, is in %s and rated by %s', (Zone, HostName, zone, version) => {
  const config = {
    factors: { zone: 'FR' },
    sites: [
      { name: 'stockholm', hosts: ['sto-*'], zone: 'SE-SE3' },
      { name: 'lab', hosts: ['lab-*'], pue: '1.5' },
    ],
  }
  const [row] = rated(config, [energyRow({ Zone, HostName })])
  expect(row).toMatchObject({ Zone: zone, Pue: HostName === 'lab-1' ? '1.5' : '1' })
  expect(row!.IntensityVersion.slice(0, version.length)).toBe(version)
  expect([row!.IntensityState, row!.CarbonOperationalUg === null]).toEqual(
    version === '' ? ['', true] : ['estimated', false],
  )
})

test('hosts of several zones and sites in one record each get their own', () => {
  const config = { factors: { zone: 'FR' }, sites: [{ name: 'a', hosts: ['a*'], zone: 'GB' }] }
  const row = fc.record({
    Host: fc.constantFrom('a1', 'b1', 'b2'),
    Zone: fc.constantFrom('', 'DE', 'SE-SE3'),
    WindowStart: fc.constantFrom(60, 120),
  })
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), rows => {
      const found = rated(
        config,
        rows.map(facts => energyRow({ ...facts, HostName: facts.Host })),
      )
      const expected = rows.map(({ Host, Zone }) => (Host === 'a1' ? 'GB' : Zone === '' ? 'FR' : Zone))
      expect(found.map(one => one.Zone)).toEqual(expected)
    }),
    { seed: 43, numRuns: 50 },
  )
})

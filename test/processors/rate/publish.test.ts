/**
 * Guarantees: the versions in a ledger entry join to exactly one row of `grid_intensity` and `tariffs` on the real engine;
 * a restart adds nothing, another configuration adds its versions and keeps the old ones.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { YEARLY_INTENSITIES } from '../../../core/model/yearly-intensities.ts'
import { configSchema } from '../../../core/runtime/config/schema.ts'
import { publishFactors } from '../../../processors/rate/publish.ts'
import { createRate, type EnergyRow } from '../../../processors/rate/rate.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { energyRow } from './energy-row.ts'

let store: TestWarehouse

beforeAll(async () => {
  store = await openTestWarehouse()
})
afterAll(async () => {
  await store.close()
})

const DAY = Date.parse('2026-03-02T00:00:00Z') / 1000
/** An entry every half hour of a day, so that every band is met, one of them without a meter. */
const rows: readonly EnergyRow[] = Array.from({ length: 48 }, (_, half) =>
  energyRow({ WindowStart: DAY + half * 1800, EnergyQuality: half === 7 ? 'none' : 'measured' }),
)

const CONFIGS = {
  'nothing configured': {},
  'a zone and one price': { factors: { zone: 'DEU' }, tariffs: { price_per_kwh: '0.250' } },
  'an intensity of one’s own': {
    factors: { zone: 'DE', intensity_g_per_kwh: '12.50', intensity_source: 'contract' },
    tariffs: { price_per_kwh: '0.25', price_per_vcpu_hour: '0.02' },
  },
  'bands, two at one price and one as the base': {
    factors: { zone: 'nowhere', intensity_g_per_kwh: '0' },
    tariffs: {
      currency: 'CHF',
      time_zone: 'Europe/Zurich',
      price_per_kwh: '0.30',
      bands: [
        { from: '22:00', to: '06:00', price_per_kwh: '0.2' },
        { from: '12:00', to: '13:00', price_per_kwh: '0.20' },
        { from: '17:00', to: '19:00', price_per_kwh: '0.3' },
        { from: '19:00', to: '20:00', price_per_kwh: '0.4' },
      ],
    },
  },
  'bands that leave gaps': {
    tariffs: { bands: [{ from: '08:00', to: '09:00', price_per_kwh: '1' }], price_per_gib_hour: '0.01' },
  },
} as const

const count = async (table: string): Promise<number> => {
  const sql = `SELECT toUInt32(count()) AS n, toUInt32(uniqExact(Version)) AS versions FROM wattline.${table}`
  const [found] = await store.warehouse.query<{ n: number; versions: number }>(sql)
  expect(found!.n).toBe(found!.versions)
  return found!.n
}

test.each(Object.entries(CONFIGS))('every version joins to one row: %s', async (_, input) => {
  const config = configSchema.parse(input)
  await publishFactors(store.warehouse, config)
  const entries = createRate(config).rate(rows)
  const named = (column: 'IntensityVersion' | 'TariffVersion'): string[] =>
    [...new Set(entries.map(entry => entry[column]))].filter(version => version !== '').toSorted()
  const joined = async (table: string, versions: readonly string[]): Promise<readonly string[]> => {
    const sql = `SELECT Version FROM wattline.${table} WHERE has({versions:Array(String)}, Version) ORDER BY Version`
    return (await store.warehouse.query<{ Version: string }>(sql, { versions })).map(row => row.Version)
  }
  const intensities = named('IntensityVersion')
  expect(intensities).toHaveLength(1)
  expect(await joined('grid_intensity', intensities)).toEqual(intensities)
  expect(await joined('tariffs', named('TariffVersion'))).toEqual(named('TariffVersion'))
})

test('a restart changes nothing', async () => {
  for (const input of Object.values(CONFIGS)) await publishFactors(store.warehouse, configSchema.parse(input))
  const before = [await count('grid_intensity'), await count('tariffs')]
  // The built-in ones and the two configured.
  expect(before[0]).toBe(YEARLY_INTENSITIES.length + 2)
  for (const input of Object.values(CONFIGS)) await publishFactors(store.warehouse, configSchema.parse(input))
  expect([await count('grid_intensity'), await count('tariffs')]).toEqual(before)
})

test('a changed price is a new row beside the old one', async () => {
  const publish = (price_per_kwh: string) =>
    publishFactors(store.warehouse, configSchema.parse({ tariffs: { currency: 'NOK', price_per_kwh } }))
  await publish('1.1')
  await publish('1.2')
  const found = await store.warehouse.query(
    `SELECT Value, Unit, Kind, Source, ValidTo FROM wattline.tariffs WHERE Currency = 'NOK' ORDER BY Kind, Value`,
  )
  const whole = { Value: '', Unit: '', Kind: 'whole', ValidTo: null }
  const energy = { Unit: 'NOK/kWh', Kind: 'energy', Source: 'configuration; always', ValidTo: null }
  expect(found).toMatchObject([{ ...energy, Value: '1.1' }, { ...energy, Value: '1.2' }, whole, whole])
})

test('the rows say where a factor comes from and when a price holds', async () => {
  const [world] = await store.warehouse.query(
    `SELECT * FROM wattline.grid_intensity WHERE Zone = 'WORLD' AND startsWith(Version, 'yearly')`,
  )
  expect(world).toMatchObject({
    ValidFrom: '1970-01-01 00:00:00',
    ValidTo: null,
    Unit: 'gCO2e/kWh',
    Kind: 'average',
    State: 'estimated',
    Source: expect.stringContaining('Ember'),
  })
  const [night] = await store.warehouse.query(
    `SELECT Source FROM wattline.tariffs WHERE Currency = 'CHF' AND Value = '0.2'`,
  )
  expect(night).toEqual({
    Source: 'configuration; 22:00-06:00 Europe/Zurich, 12:00-13:00 Europe/Zurich',
  })
})

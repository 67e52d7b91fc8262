/**
 * Guarantees: the versions in a ledger entry join to exactly one row of `grid_intensity` and `tariffs` on the real engine,
 * by way of the log; a restart appends and adds nothing, another configuration adds its versions and keeps the old ones;
 * several that publish at once, repeated records and records that overlap change nothing; the log keeps what holds now.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Broker, StoredRecord } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { factors, factorTable } from '../../../core/model/streams/factors.ts'
import { quarantine } from '../../../core/model/streams/index.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { YEARLY_INTENSITIES } from '../../../core/model/yearly-intensities.ts'
import { Runner } from '../../../processors/loop/runner.ts'
import { streamSettings } from '../../../processors/processors.ts'
import { publishFactors } from '../../../processors/rate/publish.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { createStore } from '../../../processors/store/store.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { energyRow } from './energy-row.ts'
import { rateRows } from './rate-rows.ts'

let store: TestWarehouse
let path: string
let broker: Broker
let runner: Runner

const startStore = async (): Promise<void> => {
  runner = new Runner({ broker, events: silentEvents, now: Date.now })
  await runner.start(createStore({ streams: [factors], warehouse: store.warehouse, events: silentEvents }))
}
beforeAll(async () => {
  store = await openTestWarehouse()
  path = await mkdtemp(join(tmpdir(), 'wattline-publish-'))
  broker = await openEmbeddedBroker({ path, maxBytes: 1e9, events: silentEvents })
  await broker.createStreams(streamSettings(configSchema.parse({})))
  await startStore()
})
afterAll(async () => {
  await runner.stop()
  await broker.close()
  await store.close()
  await rm(path, { recursive: true, force: true })
})

/** Resolves when the tables have what the log has. */
async function stored(): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    const [lag] = await broker.lag('store', factors.name)
    if (lag!.committed === lag!.end) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`factors are not stored: ${runner.problems().join()}`)
}
const publish = async (input: object): Promise<void> => {
  await publishFactors(broker, configSchema.parse(input), Date.now())
  await stored()
}
const end = async (): Promise<bigint> => (await broker.lag('store', factors.name))[0]!.end

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
  await publish(input)
  const entries = rateRows(createRate(config), rows)
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

test('a restart appends nothing, and another configuration adds no version twice', async () => {
  for (const input of Object.values(CONFIGS)) await publish(input)
  const before = [await count('grid_intensity'), await count('tariffs')]
  // The built-in ones and the two configured.
  expect(before[0]).toBe(YEARLY_INTENSITIES.length + 2)
  const at = await end()
  await publish(Object.values(CONFIGS).at(-1)!)
  expect(await end()).toBe(at)
  // Back to what was before: the log says so, the tables know it.
  for (const input of Object.values(CONFIGS)) await publish(input)
  expect(await end()).toBeGreaterThan(at)
  expect([await count('grid_intensity'), await count('tariffs')]).toEqual(before)
})

test('several that start at once, and a replay of all that was published, change nothing', async () => {
  const input = { tariffs: { currency: 'SEK', price_per_kwh: '2' } }
  await Promise.all([publish(input), publish(input), publish(input)])
  const before = [await count('grid_intensity'), await count('tariffs')]
  await runner.stop()
  const everything: StoredRecord[] = [...(await broker.newest(factors.name)).values()]
  // As a log that was copied back: the same records at new places.
  await broker.append(factors.name, 0, everything)
  await broker.append(factors.name, 0, everything)
  await startStore()
  await stored()
  expect([await count('grid_intensity'), await count('tariffs')]).toEqual(before)
})

test('of a record that overlaps what is there, only the rest is added', async () => {
  const [builtIn] = [...(await broker.newest(factors.name))].filter(
    ([key]) => key === 'grid_intensity/average/*',
  )
  const table = factorTable('grid_intensity/average/*')!
  const rows = decodeRows(table, builtIn![1].value)
  const more = { ...rows[0]!, Zone: 'Moon', Version: 'yearly-2030:Moon:1:00000000' }
  const before = await count('grid_intensity')
  const value = encodeRows(table, [...rows, more] as Parameters<typeof encodeRows<typeof table>>[1])
  await broker.append(factors.name, 0, [{ key: 'grid_intensity/average/Moon', value, timestampMs: 1 }])
  await stored()
  expect(await count('grid_intensity')).toBe(before + 1)
})

test('the newest record of each key is what the configuration says now', async () => {
  await publish({ factors: { zone: 'FR', intensity_g_per_kwh: '7' }, tariffs: { price_per_kwh: '1' } })
  await publish({ factors: { zone: 'FR', intensity_g_per_kwh: '8' }, tariffs: { price_per_kwh: '2' } })
  const newest = await broker.newest(factors.name)
  const valuesOf = (key: string) => {
    const rows: readonly { readonly Value: string }[] = decodeRows(factorTable(key)!, newest.get(key)!.value)
    return rows.map(row => row.Value)
  }
  expect(valuesOf('grid_intensity/average/FR')).toEqual(['8'])
  expect(valuesOf('tariffs/*')).toEqual(['2', ''])
  expect(valuesOf('grid_intensity/average/*')).toHaveLength(YEARLY_INTENSITIES.length)
})

test.each([
  ['no table', 'prices/EUR'],
  ['other rows', 'grid_intensity/average/XX'],
])('a record of %s is set aside with the reason, and those behind it go on', async (_, key) => {
  const at = await end()
  await broker.append(factors.name, 0, [{ key, value: Buffer.from('nothing'), timestampMs: 1 }])
  const currency = key.slice(0, 1) === 'p' ? 'AAA' : 'BBB'
  await publish({ tariffs: { currency, price_per_kwh: '3' } })
  expect(
    await store.warehouse.query(
      'SELECT DISTINCT Currency FROM wattline.tariffs WHERE Currency = {currency:String}',
      {
        currency,
      },
    ),
  ).toEqual([{ Currency: currency }])
  const aside = await broker.lag('store', quarantine.name)
  expect(aside[0]!.end).toBeGreaterThan(0n)
  expect(await end()).toBeGreaterThan(at)
})

test('a changed price is a new row beside the old one', async () => {
  await publish({ tariffs: { currency: 'NOK', price_per_kwh: '1.1' } })
  await publish({ tariffs: { currency: 'NOK', price_per_kwh: '1.2' } })
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

/**
 * Guarantees: what is known of a day's metrics is read again only if the day has changed; points of a past day that come
 * late are found once what is known is a minute old; each caller finds its own; where versions are not told, days are read
 * again every minute.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { metricPoints } from '../../../core/model/streams/index.ts'
import { NativeDecoder } from '../../../query/prometheus/native/decoder.ts'
import { MetricCatalogue } from '../../../query/prometheus/points/catalogue.ts'
import type { Ask } from '../../../query/prometheus/reading/reader.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'
import { nanoS, pointRow } from './support/points.ts'

const DAY_S = 86_400
/** The days before yesterday, so that none of them still gets points of its own. */
const FIRST_S = (Math.floor(Date.now() / 86_400_000) - 3) * DAY_S
const span = { fromMs: FIRST_S * 1000, toMs: (FIRST_S + 2 * DAY_S) * 1000 - 1 }
let store: TestWarehouse
let listings = 0

beforeAll(async () => {
  store = await openTestWarehouse()
  await insert('first', FIRST_S + 60)
  await insert('second', FIRST_S + DAY_S + 60)
})
afterAll(() => store.close())
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  listings = 0
})
afterEach(() => vi.useRealTimers())

const insert = (name: string, atS: number, Tenant = 'default'): Promise<void> =>
  store.insert(metricPoints, [pointRow({ Tenant, MetricName: name, TimeUnix: nanoS(atS) })])

const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms)

/** As threads ask; counts listings of days. */
function asker(tellsVersions: boolean, tenant = 'default') {
  const ask: Ask = async function* ({ sql, params, maxRows }) {
    if (sql.includes('GROUP BY MetricName')) listings += 1
    const answer = await store.warehouse.fenced({
      sql,
      origin: 'own',
      params: { ...params, tenant },
      tenant,
      accounts: null,
      format: 'Native',
      limits: { maxSeconds: 60, maxMemoryBytes: 1_000_000_000, maxResultRows: maxRows },
      signal: new AbortController().signal,
    })
    const decoder = new NativeDecoder()
    for await (const bytes of answer.chunks) yield* decoder.push(bytes)
    decoder.end()
  }
  return { ask, caller: tenant, tellsVersions }
}

const names = async (
  catalogue: MetricCatalogue,
  from: ReturnType<typeof asker>,
  isFresh = false,
): Promise<readonly string[]> =>
  (await catalogue.metrics(from, span, isFresh)).map(({ name }) => name).toSorted()

describe('metrics of past days', () => {
  it('are not read again while nothing changes', async () => {
    const catalogue = new MetricCatalogue()
    expect(await names(catalogue, asker(true))).toEqual(['first', 'second'])
    expect(listings).toBe(2)
    for (let times = 0; times < 3; times += 1) {
      later(61_000)
      expect(await names(catalogue, asker(true))).toEqual(['first', 'second'])
    }
    expect(listings).toBe(2)
  })

  it('are read again on the day that got points late, and there only', async () => {
    const catalogue = new MetricCatalogue()
    const before = await names(catalogue, asker(true))
    await insert('late', FIRST_S + 120)
    later(61_000)
    expect(await names(catalogue, asker(true))).toEqual([...before, 'late'].toSorted())
    expect(listings).toBe(3)
    later(61_000)
    await names(catalogue, asker(true), true)
    expect(listings).toBe(3)
  })

  it('are those of the caller', async () => {
    const catalogue = new MetricCatalogue()
    const before = await names(catalogue, asker(true))
    await insert('theirs', FIRST_S + 120, 'other')
    later(61_000)
    expect(await names(catalogue, asker(true))).toEqual(before)
    expect(await names(catalogue, asker(true, 'other'))).toEqual(['theirs'])
  })

  it('are no longer found once their rows are gone', async () => {
    const catalogue = new MetricCatalogue()
    await insert('erased', FIRST_S + DAY_S + 120)
    expect(await names(catalogue, asker(true))).toContain('erased')
    await store.warehouse.statements!.run(
      "ALTER TABLE wattline.metric_points DELETE WHERE MetricName = 'erased' SETTINGS mutations_sync = 1",
    )
    later(61_000)
    expect(await names(catalogue, asker(true))).not.toContain('erased')
  })

  it('are read again every minute where versions are not told', async () => {
    const catalogue = new MetricCatalogue()
    await names(catalogue, asker(false))
    later(59_000)
    await names(catalogue, asker(false))
    expect(listings).toBe(2)
    later(2_000)
    await names(catalogue, asker(false))
    expect(listings).toBe(4)
  })
})

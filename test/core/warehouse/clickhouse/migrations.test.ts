// Guarantees: processes that start at the same time, with failing servers, all end with the declared tables, and none
// changes anything again; a statement that is itself wrong is not retried forever.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Events } from '../../../../core/catalogue/events/events.ts'
import { STREAMS, traces } from '../../../../core/model/streams/index.ts'
import { column } from '../../../../core/model/streams/stream.ts'
import { openClickHouseWarehouse } from '../../../../core/warehouse/clickhouse/clickhouse.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { spans } from '../../../contract/warehouse/sample-rows.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../../support/clickhouse-front/front.ts'
import { runs } from '../../../support/runs.ts'

/** Sample rows have fixed dates. */
const RETENTION = { signalsDays: 36_500, ledgerDays: 36_500 }
/** In `npm test`; the proofs have twice as many, and a cluster. */
const STARTERS = Math.min(4, runs(2))
const SEED = 7
const SERVERS = [
  ['a server', undefined],
  ['a cluster', { name: 'books', shard: '01', shards: 1 }],
] as const

describe.each(SERVERS.slice(0, runs(1)))('%s', (_what, cluster) => {
  let front: ClickHouseFront
  let warehouses: readonly Warehouse[]
  const emitted = new Set<string>()

  const events: Events = { emit: name => emitted.add(name) }

  beforeAll(async () => {
    front = await startClickHouseFront({
      seed: SEED,
      ports: 2,
      ...(cluster === undefined ? {} : { cluster }),
    })
    const login = {
      urls: front.urls,
      user: 'default',
      password: '',
      cluster: cluster?.name,
      events,
    }
    const opening = Array.from({ length: STARTERS }, () => openClickHouseWarehouse(login))
    warehouses = await Promise.all(opening)
  })
  afterAll(async () => {
    for (const warehouse of warehouses) await warehouse.close()
    await front.destroy()
  })

  const fail = (): Promise<void> =>
    front.inject(
      { fault: { kind: 'cut', when: 'after' }, on: ['other'], probability: 0.05 },
      { fault: { kind: 'cut', when: 'before' }, on: ['other'], probability: 0.05 },
      { fault: { kind: 'status', status: 503, when: 'after' }, on: ['other', 'select'], probability: 0.05 },
      { fault: { kind: 'exception', code: 517, when: 'before' }, on: ['other'], probability: 0.02 },
      { fault: { kind: 'exception', code: 999, when: 'before' }, on: ['other', 'select'], probability: 0.02 },
    )

  const tables = (): Promise<readonly { name: string; definition: string }[]> =>
    warehouses[0]!.query(
      "SELECT name, create_table_query AS definition FROM system.tables WHERE database = 'wattline' ORDER BY name",
    )

  it(`${STARTERS} simultaneous starts create the tables`, async () => {
    await fail()
    await Promise.all(warehouses.map(warehouse => warehouse.migrate(STREAMS, RETENTION)))
    await front.heal()
    // The tokens of a server without Keeper cannot be repaired: that is reported.
    expect(emitted.has('warehouseUnreplicated')).toBe(cluster === undefined)
    const names = (await tables()).map(({ name }) => name)
    for (const { table } of STREAMS as readonly (typeof traces)[]) {
      if (table !== undefined) expect(names).toContain(table.name)
    }
    await warehouses[0]!.insert(traces, spans(30), 'start/1')
    await warehouses.at(-1)!.insert(traces, spans(30), 'start/1')
    expect(await warehouses.at(-1)!.query('SELECT count() AS n FROM wattline.otel_traces')).toEqual([
      { n: '30' },
    ])
  })

  it(`${STARTERS} simultaneous starts of a later version add what is new`, async () => {
    const later = { ...traces, columns: [...traces.columns, column('New', 'int64?')] }
    await fail()
    await Promise.all(
      warehouses.map(warehouse => warehouse.migrate([later], { signalsDays: 36_501, ledgerDays: 36_500 })),
    )
    await front.heal()
    const rows = await warehouses
      .at(-1)!
      .query('SELECT count(New) AS news, count() AS n FROM wattline.otel_traces')
    expect(rows).toEqual([{ news: '0', n: '30' }])
  })

  it('changes nothing if everything exists', async () => {
    await warehouses[0]!.migrate(STREAMS, RETENTION)
    const before = await tables()
    const changes = { kind: 'exception', code: 62, when: 'before' } as const
    for (const word of ['CREATE', 'ALTER']) {
      await front.inject({ fault: changes, on: ['other'], matching: word, times: 100 })
    }
    for (const warehouse of warehouses) await warehouse.migrate(STREAMS, RETENTION)
    await front.heal()
    expect(await tables()).toEqual(before)
  })

  it('fails with the engine’s message if a statement itself is wrong', async () => {
    const wrong = { ...traces, table: { ...traces.table, name: 'wrong', partitionBy: 'nothing(' } }
    await expect(warehouses[0]!.migrate([wrong], RETENTION)).rejects.toMatchObject({
      message: expect.stringContaining('Code: 62'),
    })
  })
})

// Guarantees: on a cluster every record goes only to the shard of its token, whoever sends it and whichever server of
// the shard answers; an insert that a load balancer routes to another shard stores nothing; a shard that is down delays
// its own records until it is back; a start without a server of every shard, or with an unknown cluster, reports it.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { STREAMS, traces } from '../../../core/model/streams/index.ts'
import { openClickHouseWarehouse } from '../../../core/warehouse/clickhouse/clickhouse.ts'
import { shardOf } from '../../../core/warehouse/clickhouse/shards.ts'
import { insertFromBody, shardGuard } from '../../../core/warehouse/insert.ts'
import { clusterDialect, SERVER_DIALECT } from '../../../core/warehouse/tables/ddl-cluster.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { spans } from '../../contract/warehouse/sample-rows.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../support/clickhouse-front/front.ts'

const SHARDS = ['01', '02']
const TOKENS = Array.from({ length: 10 }, (_, offset) => `traces/0/${offset}`)
let fronts: readonly ClickHouseFront[]
/** Each knows only its own engine, which stores what its shard stores. */
let engines: readonly Warehouse[]

const open = (urls: readonly string[], over: { cluster?: string; startTimeoutMs?: number } = {}) =>
  openClickHouseWarehouse({
    urls,
    user: 'default',
    password: '',
    cluster: 'books',
    events: silentEvents,
    insertTimeoutMs: 3_000,
    random: () => 0,
    ...over,
  })
const allUrls = (): readonly string[] => fronts.flatMap(front => front.urls)

beforeAll(async () => {
  fronts = await Promise.all(
    SHARDS.map(shard => startClickHouseFront({ ports: 2, cluster: { name: 'books', shard, shards: 2 } })),
  )
  engines = await Promise.all(
    fronts.map(({ urls }) =>
      openClickHouseWarehouse({ urls, user: 'default', password: '', events: silentEvents }),
    ),
  )
  // ON CLUSTER would create the tables on both: here each of them is asked.
  for (const { urls } of fronts) {
    const other = allUrls().filter(url => !urls.includes(url))
    const warehouse = await open([...urls, ...other])
    await warehouse.migrate(STREAMS, { signalsDays: 36_500, ledgerDays: 36_500 })
    await warehouse.close()
  }
})
afterEach(async () => {
  for (const front of fronts) {
    await front.heal()
    for (const port of [0, 1]) await front.openPort(port)
  }
})
afterAll(async () => {
  for (const engine of engines) await engine.close()
  for (const front of fronts) await front.destroy()
})

const stored = (shard: number, name: string): Promise<readonly { n: string }[]> =>
  engines[shard]!.query(
    'SELECT count() AS n FROM wattline.otel_traces_local WHERE SpanName = {name:String}',
    {
      name,
    },
  )
const expected = (shard: number): readonly { n: string }[] => [
  { n: String(3 * TOKENS.filter(token => shardOf(token, SHARDS) === SHARDS[shard]).length) },
]

it('sends every token to its shard, once, from any process', async () => {
  const senders = await Promise.all([open(allUrls()), open([...allUrls()].reverse())])
  for (const sender of senders) {
    for (const token of TOKENS) await sender.insert(traces, spans(3, 'spread'), `${token}`)
  }
  for (const sender of senders) await sender.close()
  expect(await stored(0, 'spread')).toEqual(expected(0))
  expect(await stored(1, 'spread')).toEqual(expected(1))
  expect(Number(expected(0)[0]!.n)).toBeGreaterThan(0)
  expect(Number(expected(1)[0]!.n)).toBeGreaterThan(0)
})

describe('when servers fail', () => {
  it('uses another server of the same shard', async () => {
    const sender = await open(allUrls())
    for (const front of fronts) await front.closePort(0)
    for (const token of TOKENS) await sender.insert(traces, spans(3, 'replica'), `replica/${token}`)
    await sender.close()
    const [first, second] = [await stored(0, 'replica'), await stored(1, 'replica')]
    expect(Number(first[0]!.n) + Number(second[0]!.n)).toBe(30)
  })

  it('holds back the records of a shard that is down, and stores them when it is back', async () => {
    const sender = await open(allUrls())
    const [ours, theirs] = [
      TOKENS.find(token => shardOf(`down/${token}`, SHARDS) === '01')!,
      TOKENS.find(token => shardOf(`down/${token}`, SHARDS) === '02')!,
    ]
    for (const port of [0, 1]) await fronts[1]!.closePort(port)
    await sender.insert(traces, spans(3, 'down'), `down/${ours}`)
    const held = sender.insert(traces, spans(3, 'down'), `down/${theirs}`)
    await expect(held).rejects.toMatchObject({ code: 'warehouse_unavailable', disposition: 'retry' })
    for (const port of [0, 1]) await fronts[1]!.openPort(port)
    await sender.insert(traces, spans(3, 'down'), `down/${theirs}`)
    await sender.close()
    expect([await stored(0, 'down'), await stored(1, 'down')]).toEqual([[{ n: '3' }], [{ n: '3' }]])
  })

  it('stores nothing if an address leads to a different server than before', async () => {
    const balancer = await startBalancer(fronts[1]!.url)
    const sender = await open([fronts[0]!.url, balancer.url])
    const [first, second] = TOKENS.map(token => `moved/${token}`).filter(
      token => shardOf(token, SHARDS) === '02',
    )
    await sender.insert(traces, spans(3, 'moved'), first!)
    await balancer.leadTo(fronts[0]!.url)
    // The engine reports it to later callers; the first caller finds no server of that shard.
    await expect(sender.insert(traces, spans(3, 'moved'), second!)).rejects.toMatchObject({
      disposition: 'retry',
    })
    await balancer.leadTo(fronts[1]!.url)
    await sender.insert(traces, spans(3, 'moved'), second!)
    await sender.close()
    await balancer.close()
    expect([await stored(0, 'moved'), await stored(1, 'moved')]).toEqual([[{ n: '0' }], [{ n: '6' }]])
  })
})

it('the engine refuses an insert meant for another shard', async () => {
  const asked = `SELECT 1 ${shardGuard('02')}`
  await expect(engines[0]!.query(asked)).rejects.toMatchObject({
    message: expect.stringContaining('another shard'),
  })
  expect(await engines[1]!.query(asked)).toHaveLength(1)
  expect(insertFromBody(traces, clusterDialect('books'), '02')).toContain(shardGuard('02'))
  expect(insertFromBody(traces, SERVER_DIALECT, null)).not.toContain('WHERE')
})

describe('a start', () => {
  it.each([
    [
      'without a server of every shard',
      () => fronts[0]!.urls,
      {},
      'reaches only 1 of them (macro shard: 01)',
    ],
    ['of a cluster that is not there', allUrls, { cluster: 'novels' }, 'has no cluster novels'],
  ])('%s reports it', async (_what, urls, over, words) => {
    await expect(open(urls(), { ...over, startTimeoutMs: 700 })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(words),
    })
  })

  it('waits for a shard that does not answer', async () => {
    for (const port of [0, 1]) await fronts[1]!.closePort(port)
    const starting = open(allUrls(), { startTimeoutMs: 700 })
    await expect(starting).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  })
})

/** One address for several servers, as with a load balancer. */
async function startBalancer(firstUrl: string) {
  let target = Number(new URL(firstUrl).port)
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        sockets.delete(socket)
      })
    }
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    /** Connections are reopened. */
    async leadTo(url: string): Promise<void> {
      target = Number(new URL(url).port)
      cut()
      // The other end notices.
      await new Promise(resolve => setTimeout(resolve, 100))
    },
    async close(): Promise<void> {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

// Guarantees: whatever fails between us and a ClickHouse server, an insert that is retried until it succeeds is stored
// once; failures of a server are retried and never quarantine a record; a refused record is quarantined after two
// refusals; no token is inserted twice at the same time; when one server fails, the next one takes over.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../../core/columns/rows.ts'
import { STREAMS, traces } from '../../../../core/model/streams/index.ts'
import { openClickHouseWarehouse } from '../../../../core/warehouse/clickhouse/clickhouse.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { kinds, spans } from '../../../contract/warehouse/sample-rows.ts'
import type { Fault } from '../../../support/clickhouse-front/faults.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../../support/clickhouse-front/front.ts'

const INSERT_TIMEOUT_MS = 1_500
let front: ClickHouseFront
let warehouse: Warehouse
/** As in another process, without the history of the first. */
let other: Warehouse

beforeAll(async () => {
  front = await startClickHouseFront({ ports: 2 })
  warehouse = await open()
  other = await open()
  await warehouse.migrate(STREAMS, { signalsDays: 36_500, ledgerDays: 36_500 })
})
afterEach(async () => {
  await front.heal()
  for (const port of [0, 1]) await front.openPort(port)
})
afterAll(async () => {
  await warehouse.close()
  await other.close()
  await front.destroy()
})

const open = (urls = front.urls): Promise<Warehouse> =>
  openClickHouseWarehouse({
    urls,
    user: 'default',
    password: '',
    events: silentEvents,
    insertTimeoutMs: INSERT_TIMEOUT_MS,
  })

const count = async (name: string): Promise<number> => {
  const sql = 'SELECT count() AS n FROM wattline.otel_traces WHERE SpanName = {name:String}'
  return Number((await warehouse.query<{ n: string }>(sql, { name }))[0]!.n)
}

/** As the processors do: retries while the error allows it. The codes of the errors on the way. */
async function store(name: string, into = warehouse): Promise<readonly string[]> {
  const codes: string[] = []
  for (;;) {
    try {
      await into.insert(traces, spans(30, name), `faults/${name}`)
      return codes
    } catch (error) {
      if (!(error instanceof WattlineError) || error.disposition !== 'retry' || codes.length > 200)
        throw error
      codes.push(error.code)
    }
  }
}

const FAULTS: readonly (readonly [what: string, fault: Fault])[] = [
  ...[241, 242, 252, 202, 225, 279, 285, 516, 999, 1001].map(
    code => [`exception ${code}, nothing done`, { kind: 'exception', code, when: 'before' }] as const,
  ),
  ['an unknown outcome, done', { kind: 'exception', code: 319, when: 'after' }],
  ['an exception, done', { kind: 'exception', code: 159, when: 'after' }],
  ['503 of a balancer, nothing done', { kind: 'status', status: 503, when: 'before' }],
  ['502 of a balancer, done', { kind: 'status', status: 502, when: 'after' }],
  ['504 of a balancer, done', { kind: 'status', status: 504, when: 'after' }],
  ['the connection cut, nothing done', { kind: 'cut', when: 'before' }],
  ['the connection cut, done', { kind: 'cut', when: 'after' }],
  ['no answer, nothing done', { kind: 'hang', when: 'before' }],
  ['no answer, done', { kind: 'hang', when: 'after' }],
  ['an answer that comes too late', { kind: 'late', ms: INSERT_TIMEOUT_MS + 500 }],
  ['taken up after we have given up', { kind: 'slow', ms: INSERT_TIMEOUT_MS + 300 }],
  ['done twice', { kind: 'twice' }],
]

describe('stores a record once, whatever happens to its insert', () => {
  it.each(FAULTS)('%s', async (what, fault) => {
    await front.inject({ fault })
    await store(what)
    expect(await count(what)).toBe(30)
    await store(what, other)
    expect(await count(what)).toBe(30)
  })

  it('many faults in a row, for many records at the same time', async () => {
    await front.inject(
      { fault: { kind: 'cut', when: 'after' }, probability: 0.2 },
      { fault: { kind: 'status', status: 503, when: 'before' }, probability: 0.2 },
      { fault: { kind: 'twice' }, probability: 0.2 },
      { fault: { kind: 'late', ms: 300 }, probability: 0.2 },
    )
    const names = Array.from({ length: 16 }, (_, index) => `many ${index}`)
    await Promise.all(names.map(name => store(name)))
    expect(await Promise.all(names.map(count))).toEqual(names.map(() => 30))
  })
})

it('never runs two inserts of one token at once', async () => {
  const { mostInsertsOfOneToken } = await front.counts()
  await front.inject({ fault: { kind: 'slow', ms: INSERT_TIMEOUT_MS + 200 }, times: 2 })
  await Promise.all([store('one'), store('one', other), store('one')])
  expect(await count('one')).toBe(30)
  expect(mostInsertsOfOneToken).toBe(1)
  expect((await front.counts()).mostInsertsOfOneToken).toBe(1)
})

describe('a record that is refused', () => {
  it.each([33, 117, 271])('with %d by something on the way is still stored', async code => {
    await front.inject({ fault: { kind: 'exception', code, when: 'before' } })
    expect(await store(`refused once by ${code}`)).toEqual([])
    expect(await count(`refused once by ${code}`)).toBe(30)
  })

  it('twice is quarantined', async () => {
    await front.inject({ fault: { kind: 'exception', code: 33, when: 'before' }, times: 2 })
    const refused = warehouse.insert(traces, spans(1, 'twice'), 'refused/1')
    await expect(refused).rejects.toMatchObject({ code: 'record_refused', disposition: 'quarantine' })
  })

  it('as another stream is quarantined', async () => {
    const refused = warehouse.insert(traces, encodeRows(kinds, []), 'refused/2')
    await expect(refused).rejects.toMatchObject({ code: 'record_refused' })
  })
})

describe('with several servers', () => {
  it('continues with the next one when one is gone, and returns to it', async () => {
    await front.closePort(0)
    expect(await store('failover 1')).toEqual([])
    await front.openPort(0)
    await front.closePort(1)
    expect(await store('failover 2')).toEqual([])
    expect(await count('failover 1')).toBe(30)
    expect(await count('failover 2')).toBe(30)
  })

  it('stays with the one that answers', async () => {
    await store('warm')
    const before = (await front.counts()).requestsByPort
    for (let index = 0; index < 10; index += 1) await store(`sticky ${index}`)
    const after = (await front.counts()).requestsByPort
    const asked = after.map((requests, port) => requests - (before[port] ?? 0))
    expect(asked.filter(requests => requests === 0)).toHaveLength(1)
  })

  it('skips a read-only replica', async () => {
    await store('warm')
    const fault = { kind: 'exception', code: 242, when: 'before' } as const
    await front.inject({ fault, port: 0, times: 100 })
    expect(await store('replica')).toEqual([])
    expect(await count('replica')).toBe(30)
  })

  it('says which one failed when none answers', async () => {
    for (const port of [0, 1]) await front.closePort(port)
    const failed = warehouse.insert(traces, spans(1, 'none'), 'none/1')
    await expect(failed).rejects.toMatchObject({
      code: 'warehouse_unavailable',
      message: expect.stringContaining('127.0.0.1:'),
    })
  })
})

describe('at start', () => {
  const start = (urls: readonly string[], password = ''): Promise<Warehouse> =>
    openClickHouseWarehouse({ urls, user: 'default', password, events: silentEvents, startTimeoutMs: 700 })

  it('fails with the reason when the user is refused', async () => {
    await expect(start(front.urls, 'wrong')).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('warehouse.password'),
    })
  })

  it('waits for a server, and reports that none answered', async () => {
    await expect(start(['http://127.0.0.1:9'])).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  })

  it('uses one of several', async () => {
    const opened = await start(['http://127.0.0.1:9', front.url])
    await opened.ping()
    await opened.close()
  })
})

// Guarantees: on a server and on a cluster, too, no condition reveals a hidden row; and when a server has lost its
// policies, queries get no answer.
import { afterAll, describe, expect, it } from 'vitest'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { STREAMS } from '../../../core/model/streams/index.ts'
import { openClickHouseWarehouse } from '../../../core/warehouse/clickhouse/clickhouse.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { answeredIn, askAll, fencedAsk, leaks } from '../../hostile/isolation.ts'
import { hostileStatements } from '../../hostile/statements.ts'
import { fill, WHOLE } from '../../hostile/worlds.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../support/clickhouse-front/front.ts'

const RETENTION = { signalsDays: 36_500, ledgerDays: 36_500 }

describe.each([
  ['a server', undefined],
  ['a cluster', { name: 'books', shard: '01', shards: 1 }],
])('%s', (_what, cluster) => {
  const fronts: ClickHouseFront[] = []
  afterAll(async () => {
    for (const front of fronts) await front.destroy()
  })

  const open = async (): Promise<Warehouse> => {
    const front = await startClickHouseFront(cluster === undefined ? {} : { cluster })
    fronts.push(front)
    const login = { urls: front.urls, user: 'default', password: '', events: silentEvents }
    const warehouse = await openClickHouseWarehouse({ ...login, cluster: cluster?.name })
    await warehouse.migrate(STREAMS, RETENTION)
    return warehouse
  }

  it('shows no value and no count of other tenants', async () => {
    const statements = hostileStatements({
      seed: 31,
      places: 1,
      perTable: 8,
      tables: ['otel_traces', 'ledger', 'usage_daily', 'otel_traces_trace_id_ts'],
    })
    const answers: (readonly string[])[] = []
    for (const isMixed of [false, true]) {
      const warehouse = await open()
      await fill(warehouse, WHOLE, isMixed, ['otel_traces', 'ledger'])
      answers.push(await askAll(fencedAsk(warehouse, WHOLE), statements))
      await warehouse.close()
    }
    const [alone = [], mixed = []] = answers
    expect(leaks(statements, alone, mixed)).toEqual([])
    expect(answeredIn(mixed)).toBeGreaterThan(0.9 * statements.length)
  })

  it('answers nobody while policies are missing', async () => {
    const warehouse = await open()
    const ask = fencedAsk(warehouse, WHOLE)
    const statement = { table: '', place: '', sql: 'SELECT count() FROM ledger', isAskedByOthers: false }
    expect(await ask(statement)).not.toContain('error')
    const [policy] = await warehouse.query<{ name: string }>(
      "SELECT short_name AS name FROM system.row_policies WHERE table = 'ledger'",
    )
    const front = fronts.at(-1)!
    const drop = `DROP ROW POLICY IF EXISTS ${policy!.name} ON wattline.ledger`
    await fetch(front.url, { method: 'POST', body: drop })
    const login = { urls: front.urls, user: 'default', password: '', events: silentEvents }
    const other = await openClickHouseWarehouse({ ...login, cluster: cluster?.name })
    expect(await fencedAsk(other, WHOLE)(statement)).toContain('lacks the row policies')
    await other.migrate(STREAMS, RETENTION)
    expect(await fencedAsk(other, WHOLE)(statement)).not.toContain('error')
    await other.close()
    await warehouse.close()
  })
})

// Guarantees: a cluster of ClickHouse servers keeps every promise of core/warehouse/warehouse.ts, with the small server
// of test/support/clickhouse-front.
import { warehouseContract } from '../../contract/warehouse/contract.ts'
import { fixtureOver } from '../../contract/warehouse/fixture-over.ts'
import { startClickHouseFront } from '../../support/clickhouse-front/front.ts'

// A host in a different time zone: no answer may depend on it.
process.env['TZ'] = 'Asia/Kathmandu'

warehouseContract('a ClickHouse cluster over HTTP', async () => {
  const cluster = { name: 'books', shard: '01', shards: 1 }
  const front = await startClickHouseFront({ cluster })
  const login = { urls: front.urls, user: 'default', password: '', cluster: cluster.name }
  return await fixtureOver({ ...login, remove: () => front.destroy() })
})

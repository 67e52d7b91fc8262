// Guarantees: ClickHouse over its HTTP interface keeps every promise of core/warehouse/warehouse.ts: over the small server
// of test/support/clickhouse-front, and over a real one where WATTLINE_TEST_CLICKHOUSE_URL names it. Database `wattline`
// of that server is dropped before and after.
import { createClient } from '@clickhouse/client'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { openClickHouseWarehouse } from '../../../core/warehouse/clickhouse/clickhouse.ts'
import { startClickHouseFront } from '../../support/clickhouse-front/front.ts'
import { type WarehouseFixture, warehouseContract } from './contract.ts'

// A host in a zone of its own: no answer may depend on it.
process.env['TZ'] = 'Asia/Kathmandu'

interface Server {
  readonly urls: readonly string[]
  readonly user: string
  readonly password: string
  readonly cluster?: string
  remove(): Promise<void>
}

async function fixtureOver(server: Server): Promise<WarehouseFixture> {
  const { urls, user, password, cluster } = server
  const open = () => openClickHouseWarehouse({ urls, user, password, cluster, events: silentEvents })
  let warehouse = await open()
  return {
    warehouse: () => warehouse,
    async reopen() {
      await warehouse.close()
      warehouse = await open()
    },
    async remove() {
      await warehouse.close()
      await server.remove()
    },
  }
}

warehouseContract('ClickHouse over HTTP', async () => {
  const front = await startClickHouseFront({ user: 'wattline', password: "s'ecret:ü" })
  const { urls } = front
  return await fixtureOver({ urls, user: 'wattline', password: "s'ecret:ü", remove: () => front.destroy() })
})

warehouseContract('a ClickHouse cluster over HTTP', async () => {
  const cluster = { name: 'books', shard: '01', shards: 1 }
  const front = await startClickHouseFront({ cluster })
  const login = { urls: front.urls, user: 'default', password: '', cluster: cluster.name }
  return await fixtureOver({ ...login, remove: () => front.destroy() })
})

const real = process.env['WATTLINE_TEST_CLICKHOUSE_URL']
if (real !== undefined) {
  warehouseContract(`the ClickHouse server at ${new URL(real).host}`, async () => {
    const url = new URL(real)
    const [user, password] = [url.username || 'default', url.password]
    url.username = ''
    url.password = ''
    const client = createClient({ url, username: user, password })
    const drop = (): Promise<unknown> => client.command({ query: 'DROP DATABASE IF EXISTS wattline SYNC' })
    await drop()
    return await fixtureOver({
      urls: [url.href],
      user: decodeURIComponent(user),
      password: decodeURIComponent(password),
      async remove() {
        await drop()
        await client.close()
      },
    })
  })
}

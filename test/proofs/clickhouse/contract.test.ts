// Guarantees: ClickHouse over its HTTP interface keeps every promise of core/warehouse/warehouse.ts: with the small
// server of test/support/clickhouse-front, and with a real one if WATTLINE_TEST_CLICKHOUSE_URL names it. Database
// `wattline` of that server is dropped before and after.
import { createClient } from '@clickhouse/client'
import { warehouseContract } from '../../contract/warehouse/contract.ts'
import { fixtureOver } from '../../contract/warehouse/fixture-over.ts'
import { startClickHouseFront } from '../../support/clickhouse-front/front.ts'

// A host in a different time zone: no answer may depend on it.
process.env['TZ'] = 'Asia/Kathmandu'

warehouseContract('ClickHouse over HTTP', async () => {
  const front = await startClickHouseFront({ user: 'wattline', password: "s'ecret:ü" })
  const { urls } = front
  return await fixtureOver({ urls, user: 'wattline', password: "s'ecret:ü", remove: () => front.destroy() })
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

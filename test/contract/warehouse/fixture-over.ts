/** The contract's fixture over anything that speaks ClickHouse's HTTP interface. */
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { openClickHouseWarehouse } from '../../../core/warehouse/clickhouse/clickhouse.ts'
import type { WarehouseFixture } from './contract.ts'

interface Server {
  readonly urls: readonly string[]
  readonly user: string
  readonly password: string
  readonly cluster?: string
  remove(): Promise<void>
}

/** `remove` finally deletes the server's data. */
export async function fixtureOver(server: Server): Promise<WarehouseFixture> {
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

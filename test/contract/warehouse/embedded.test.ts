// Guarantees: the embedded engine (chDB) keeps every promise of core/warehouse/warehouse.ts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import { warehouseContract } from './contract.ts'

// A host in a different time zone: no answer may depend on it.
process.env['TZ'] = 'Asia/Kathmandu'

warehouseContract('the embedded warehouse', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-warehouse-'))
  const open = () => openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 31, events: silentEvents })
  let warehouse = await open()
  return {
    warehouse: () => warehouse,
    async reopen() {
      await warehouse.close()
      warehouse = await open()
    },
    async remove() {
      await warehouse.close()
      await rm(path, { recursive: true, force: true })
    },
  }
})

/** Opens the data folder of a stopped process, to back it up. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../catalogue/config/schema.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { silentEvents } from '../catalogue/events/events.ts'
import { openBrokerOfKind } from '../storage/open-broker.ts'
import { openWarehouseOfKind } from '../storage/open-warehouse.ts'
import { Snapshots } from './snapshots.ts'

/** The log and the engine of a stopped process, opened so that a snapshot of them can be taken. */
export interface Offline {
  readonly snapshots: Snapshots
  /** Closes log and engine; the snapshot stays. May be called twice. */
  close(): Promise<void>
}

/** The caller holds the lock of the folder. @throws backup_refused when the folder is empty, data_unusable */
export async function openOffline(config: Config, version: string): Promise<Offline> {
  const { data } = config
  const hasLog = existsSync(join(data, 'log', 'data.mdb'))
  const hasEngine = existsSync(join(data, 'warehouse', 'engine', 'metadata'))
  if (!hasLog && !hasEngine) {
    throw new WattlineError('backup_refused', `The data folder ${data} contains nothing to back up.`)
  }
  const broker = hasLog ? await openBrokerOfKind(config, silentEvents) : null
  try {
    // Tokens stay as a crash left them: the next start compares them with the parts, and reports what is missing.
    const engine = { repairTokens: false }
    const warehouse = hasEngine ? await openWarehouseOfKind(config, silentEvents, engine) : null
    return {
      snapshots: await Snapshots.open({ data, version, broker, warehouse }),
      async close() {
        await warehouse?.close()
        await broker?.close()
      },
    }
  } catch (error) {
    await broker?.close()
    throw error
  }
}

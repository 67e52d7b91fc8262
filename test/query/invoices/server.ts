import { silentEvents } from '../../../core/catalogue/events/events.ts'
import type { Identity } from '../../../core/model/identity.ts'
import { createQueryServer } from '../../../query/server.ts'
import type { BillingRig } from '../../processors/invoice/rig.ts'
import { accessAs } from '../support/access.ts'

/** A query server over the rig; requests come from whom `who` says. */
export async function serve(rig: BillingRig, who: () => Identity) {
  const server = createQueryServer({
    config: rig.config,
    warehouse: rig.store.warehouse,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map(),
    version: '0.1.0',
    started: new Date(),
    access: accessAs(who),
    appender: rig.broker,
    now: () => rig.now,
  })
  const { port } = await server.listen('127.0.0.1', 0)
  return { base: `http://127.0.0.1:${port}`, stop: () => server.stop() }
}

/** The embedded broker fulfils the broker contract. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { brokerContract } from './contract.ts'

brokerContract('embedded', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-broker-'))
  return {
    open: () => openEmbeddedBroker({ path, maxBytes: 1_000_000_000, events: silentEvents }),
    destroy: () => rm(path, { recursive: true }),
  }
})

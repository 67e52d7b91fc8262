/**
 * The broker in the process: streams in one LMDB environment, consumers in memory. See ../README.md for its guarantees
 * and how they are kept, and ../broker.ts for the contract.
 */
import { lockFolder } from '../../runtime/folder-lock.ts'
import type { Broker } from '../broker.ts'
import { EmbeddedBroker, type EmbeddedBrokerOptions } from './lmdb-broker.ts'
import { openStore } from './store.ts'
import { loadStreams } from './streams.ts'

/**
 * Opens the log and creates it if missing. Throws `data_in_use` when another broker, in this process or another, has
 * the folder, and `data_unusable` when it cannot be read or written.
 */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<Broker> {
  const lock = lockFolder(options.path)
  try {
    const store = openStore(options.path, options.maxBytes)
    try {
      return new EmbeddedBroker(options, lock, store, loadStreams(store))
    } catch (error) {
      await store.close()
      throw error
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

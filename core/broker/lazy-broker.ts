import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Appended, Broker, NewestWanted, NewRecord, PartitionLag, StoredRecord } from './broker.ts'

/**
 * The log for parts that use it only now and then. It is opened on first use, so that they start, and serve everything
 * else, without it. After a failed open, the next caller opens it again.
 */
export class LazyBroker implements Pick<Broker, 'lag' | 'append' | 'newest' | 'close'> {
  readonly #open: () => Promise<Broker>
  #opened: Promise<Broker> | null = null
  #isClosed = false

  constructor(open: () => Promise<Broker>) {
    this.#open = open
  }

  async lag(group: string, stream: string): Promise<readonly PartitionLag[]> {
    return (await this.#broker()).lag(group, stream)
  }

  async append(stream: string, partition: number | 'any', records: readonly NewRecord[]): Promise<Appended> {
    return (await this.#broker()).append(stream, partition, records)
  }

  async newest(stream: string, wanted?: NewestWanted): Promise<ReadonlyMap<string, StoredRecord>> {
    return (await this.#broker()).newest(stream, wanted)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const broker = await this.#opened?.catch(() => null)
    await broker?.close()
  }

  #broker(): Promise<Broker> {
    if (this.#isClosed) return Promise.reject(new WattlineError('broker_unavailable', 'The log is closed.'))
    if (this.#opened === null) {
      const opening = this.#open()
      this.#opened = opening
      opening.catch(() => {
        this.#opened = null
      })
    }
    return this.#opened
  }
}

import { type AssignedPartition, RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { factors } from '../../core/model/streams/factors.ts'
import { type StreamDeclaration, tablesOf } from '../../core/model/streams/stream.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { assertReadable } from '../loop/readable.ts'
import type { PartitionWorker, Processor } from '../loop/runner.ts'
import type { Step } from '../loop/step.ts'
import { storeFactors } from './factors.ts'
import { Rewinding } from './rewinding.ts'
import type { RowAges } from './row-ages.ts'
import { STORE, tokenOf } from './token.ts'

/** `streams`: those without a table are not read. */
export interface StoreOptions {
  readonly streams: readonly StreamDeclaration[]
  readonly warehouse: Warehouse
  readonly events: Events
  /** Hears of every record whose rows have become visible. */
  readonly rowAges?: RowAges
  /** Hears how far rows are back that the tables had lost. */
  readonly restored?: Rewinding['restored']
}

/**
 * Moves records into their tables: one record is one insert under one token, bytes unchanged. The token is the record's
 * place in the log, so a replay after a crash changes nothing.
 */
export function createStore(options: StoreOptions): Processor {
  const declarations = new Map(
    options.streams.filter(stream => tablesOf(stream).length > 0).map(stream => [stream.name, stream]),
  )
  return {
    name: STORE,
    streams: [...declarations.keys()],
    // Offsets are committed once per poll; what a crash repeats, the tokens hold back. Far below the window of 1,000.
    poll: { maxRecords: 16, maxBytes: 16 * 1024 * 1024, maxWaitMs: 5_000 },
    async open(partition) {
      const declaration = declarations.get(partition.stream)
      if (declaration === undefined)
        throw new WattlineError('invariant_broken', `stream ${partition.stream} has no table.`)
      const rewinding = await Rewinding.open(partition, declaration, options)
      return new StoreWorker(options, partition, declaration, rewinding)
    },
  }
}

class StoreWorker implements PartitionWorker {
  readonly #options: StoreOptions
  readonly #partition: AssignedPartition
  readonly #stream: StreamDeclaration
  /** Null: nothing is read again. */
  #rewinding: Rewinding | null
  #next: bigint | null = null

  constructor(
    options: StoreOptions,
    partition: AssignedPartition,
    stream: StreamDeclaration,
    rewinding: Rewinding | null,
  ) {
    this.#options = options
    this.#partition = partition
    this.#stream = stream
    this.#rewinding = rewinding
  }

  async apply(record: StoredRecord): Promise<void> {
    this.#next = record.offset + 1n
    if (this.#rewinding?.passesOver(record.offset) === true) return
    assertReadable(record)
    if (record.headers[RECORD_KIND] !== undefined) return
    const { warehouse, events, rowAges } = this.#options
    const { name } = this.#stream
    if (name === factors.name) await storeFactors(warehouse, record)
    else {
      const { partition } = this.#partition
      const token = tokenOf(name, partition, record.offset, this.#partition.originOf(record.offset))
      await warehouse.insert(this.#stream, record.value, token)
      await this.#rewinding?.stored(record, token)
    }
    events.emit('recordStored', { stream: name })
    if (name !== factors.name && this.#rewinding === null) rowAges?.stored(this.#stream, record.value)
  }

  async finish(step: Step): Promise<void> {
    const next = this.#next
    if (next === null) return
    if (this.#rewinding !== null && (await this.#rewinding.finish(next, step))) this.#rewinding = null
    const place = `${this.#stream.name}/${this.#partition.partition}`
    const stored = { origin: this.#partition.originOf(next - 1n), next }
    const { files } = this.#options.warehouse
    // How far the tables have been does not go back while the log is read again.
    if (this.#rewinding === null) files?.noteStored(place, stored)
    else files?.noteStoredForward(place, stored)
  }
}

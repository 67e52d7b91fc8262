import { RECORD_KIND } from '../../core/broker/broker.ts'
import { factors } from '../../core/model/streams/factors.ts'
import { type StreamDeclaration, tablesOf } from '../../core/model/streams/stream.ts'
import { WattlineError } from '../../core/runtime/errors.ts'
import type { Events } from '../../core/runtime/events.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { assertReadable } from '../readable.ts'
import type { Processor } from '../runner.ts'
import { storeFactors } from './factors.ts'
import type { RowAges } from './row-ages.ts'

/**
 * Moves records into their tables: one record is one insert under one token, bytes unchanged. The token is the record's
 * place in the log, so a replay after a crash changes nothing.
 */
export function createStore(options: {
  readonly streams: readonly StreamDeclaration[]
  readonly warehouse: Warehouse
  readonly events: Events
  /** Hears of every record whose rows have become visible. */
  readonly rowAges?: RowAges
}): Processor {
  const declarations = new Map(
    options.streams.filter(stream => tablesOf(stream).length > 0).map(stream => [stream.name, stream]),
  )
  return {
    name: 'store',
    streams: [...declarations.keys()],
    // Offsets are committed once per poll; what a crash repeats, the tokens hold back. Far below the window of 1,000.
    poll: { maxRecords: 16, maxBytes: 16 * 1024 * 1024, maxWaitMs: 5_000 },
    async open(assigned) {
      const { stream, partition } = assigned
      const declaration = declarations.get(stream)
      if (declaration === undefined)
        throw new WattlineError('invariant_broken', `stream ${stream} has no table.`)
      return {
        async apply(record) {
          assertReadable(record)
          if (record.headers[RECORD_KIND] !== undefined) return
          if (stream === factors.name) {
            await storeFactors(options.warehouse, record)
            options.events.emit('recordStored', { stream })
            return
          }
          const token = tokenOf(stream, partition, record.offset, assigned.originOf(record.offset))
          await options.warehouse.insert(declaration, record.value, token)
          options.events.emit('recordStored', { stream })
          options.rowAges?.stored(declaration, record.value)
        },
      }
    },
  }
}

/** Deduplication token of a record: the history of the log that it is in, and its place there. */
export const tokenOf = (stream: string, partition: number, offset: bigint, origin: string): string =>
  `${origin === '' ? '' : `${origin}/`}${stream}/${partition}/${offset}`

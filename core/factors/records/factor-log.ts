/** Writes factors into the log: what is put is durable when it resolves, and what would change nothing is not written. */
import type { Broker, NewRecord, StoredRecord } from '../../broker/broker.ts'
import { encodeRows } from '../../columns/rows.ts'
import { digest } from '../../model/digest.ts'
import { FACTOR_VERSIONS, factors } from '../../model/streams/factors.ts'
import type { RowOf, StreamDeclaration } from '../../model/streams/stream.ts'

/** What writers need of the log. */
export type FactorLog = Pick<Broker, 'newest' | 'append'>

/** A record of stream `factors`. */
export type FactorRecord = Required<NewRecord>

/** Calls of this process, one after the other: each reads what the one before has written. */
const writing = new WeakMap<FactorLog, Promise<unknown>>()

/** Records to put. */
export interface FactorPut {
  /** Keys of the records that `make` may return. */
  readonly keys: ReadonlySet<string>
  /** The records, by what is there. */
  readonly make: (known: ReadonlyMap<string, StoredRecord>) => readonly FactorRecord[]
}

/**
 * Appends the records that differ from the newest of their key, all of them at once. Resolves with how many did, once they are
 * durable.
 */
export function putFactors(log: FactorLog, ...puts: readonly FactorPut[]): Promise<number> {
  const put = async (): Promise<number> => {
    const keys = new Set(puts.flatMap(one => [...one.keys]))
    const known = await log.newest(factors.name, { keys })
    const made = puts.flatMap(({ make }) => make(known))
    const records = made.filter(
      ({ key, headers }) => known.get(key)?.headers[FACTOR_VERSIONS] !== headers[FACTOR_VERSIONS],
    )
    if (records.length > 0) await log.append(factors.name, 0, records)
    return records.length
  }
  const done = (writing.get(log) ?? Promise.resolve()).then(put, put)
  writing.set(log, done)
  return done
}

/** A record of all that its key stands for. */
export const factorRecord = <S extends StreamDeclaration>(
  table: S,
  key: string,
  rows: readonly (RowOf<S> & { readonly Version: string })[],
  nowMs: number,
): FactorRecord => ({
  key,
  value: encodeRows(table, rows),
  headers: { [FACTOR_VERSIONS]: digest(rows.map(row => row.Version).join(), 16) },
  timestampMs: nowMs,
})

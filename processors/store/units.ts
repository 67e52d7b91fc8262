/** What is inserted by one statement each: a record alone, or some small ones together. */
import { RECORD_CORRUPT, RECORD_KIND, type StoredRecord } from '../../core/broker/broker.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { Combiner } from './combined.ts'
import { type InsertPlan, type OffsetRange, rangeOf } from './insert-plan.ts'

/** Records with consecutive places in the log. */
export interface Unit {
  readonly records: readonly StoredRecord[]
  /** Null: one record alone. */
  readonly range: OffsetRange | null
  /** The records of the range as one, where it is at hand. */
  readonly combined: Uint8Array | null
}

const alone = (record: StoredRecord): Unit => ({ records: [record], range: null, combined: null })

/** The units of a plan, as far as all records of a range are there. */
export function plannedUnits(plan: InsertPlan, records: readonly StoredRecord[]): Unit[] {
  const units: Unit[] = []
  const last = records.at(-1)?.offset ?? -1n
  for (let at = 0; at < records.length && records[at]!.offset < plan.until; ) {
    const range = rangeOf(plan, records[at]!.offset)
    if (range === undefined) {
      units.push(alone(records[at]!))
      at += 1
      continue
    }
    if (last < range[1] - 1n) break
    let end = at
    while (end < records.length && records[end]!.offset < range[1]) end += 1
    units.push({ records: records.slice(at, end), range, combined: null })
    at = end
  }
  return units
}

interface UnitContext {
  readonly stream: StreamDeclaration
  readonly originOf: (offset: bigint) => string
  /** Leading records that an owner before may have inserted alone, so that they must be again. */
  readonly alone: number
}

/** Units for records without a plan: neighbours that are small are combined. */
export function freeUnits(
  records: readonly StoredRecord[],
  { stream, originOf, alone: first }: UnitContext,
): Unit[] {
  const units: Unit[] = records.slice(0, first).map(alone)
  const combiner = new Combiner(stream)
  let open: StoredRecord[] = []
  const close = (): void => {
    const [only, ...others] = open
    if (only !== undefined && others.length === 0) {
      units.push(alone(only))
      combiner.clear()
    } else if (only !== undefined) {
      const range: OffsetRange = [only.offset, others.at(-1)!.offset + 1n]
      units.push({ records: open, range, combined: combiner.finish() })
    }
    open = []
  }
  for (const record of records.slice(first)) {
    const isOther = open.length > 0 && originOf(open[0]!.offset) !== originOf(record.offset)
    if (isOther) close()
    let addition = isPlain(record) ? combiner.add(record.value) : 'alone'
    if (addition === 'full') {
      close()
      addition = combiner.add(record.value)
    }
    if (addition === 'added') open.push(record)
    else {
      close()
      units.push(alone(record))
    }
  }
  close()
  return units
}

/** Not a control record, and the log can read it back. */
const isPlain = ({ headers }: StoredRecord): boolean =>
  headers[RECORD_KIND] === undefined && headers[RECORD_CORRUPT] === undefined

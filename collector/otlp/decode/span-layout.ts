import type { ScalarKind } from '../../../core/model/streams/stream.ts'
import { traces } from '../../../core/model/streams/traces.ts'

/** How a column is stored in the decoder's memory; `fixed`: one number per row. */
type SpanStorage = 'dictionary' | 'pairs' | 'texts' | 'ids' | 'fixed'

/** A column of stream `traces` in the decoder's memory. */
export interface SpanColumn {
  readonly name: string
  /** Its field in the decoder's batch. */
  readonly field: string
  readonly kind: ScalarKind
  readonly storage: SpanStorage
  /** Bytes of a fixed-size value; 0 for variable sizes. */
  readonly width: number
  /** The list to which it belongs (`Events`, `Links`); '' for columns with one value per row. */
  readonly list: string
  /** Text in the table, but a dictionary in the record. */
  readonly isStoredAsText: boolean
}

/** Kinds that the decoder supports. */
const STORAGE: Readonly<Partial<Record<ScalarKind, readonly [storage: SpanStorage, width: number]>>> = {
  lowCardinality: ['dictionary', 0],
  stringMap: ['pairs', 0],
  string: ['texts', 0],
  traceId: ['ids', 16],
  spanId: ['ids', 8],
  timestampNs: ['fixed', 8],
  uint64: ['fixed', 8],
  uint32: ['fixed', 4],
}

const fieldOf = (name: string): string => {
  const joined = name.replace('.', '')
  return joined[0]!.toLowerCase() + joined.slice(1)
}

/** The columns in the order of the stream: filling, describing and reading follow this order. */
export const SPAN_COLUMNS: readonly SpanColumn[] = traces.columns.map(column => {
  const { name, kind } = column
  const storage = STORAGE[kind]
  if (storage === undefined) throw new Error(`The span decoder cannot store ${name}, a column of ${kind}.`)
  return {
    name,
    kind,
    field: fieldOf(name),
    storage: storage[0],
    width: storage[1],
    list: 'list' in column ? name.split('.', 1)[0]! : '',
    isStoredAsText: 'stored' in column,
  }
})

/** The lists, in order. */
export const SPAN_LISTS: readonly string[] = [
  ...new Set(SPAN_COLUMNS.flatMap(({ list }) => (list === '' ? [] : [list]))),
]

/** Number of dictionaries in a batch: a map has one for its keys and one for its values. */
export const SPAN_DICTIONARIES = SPAN_COLUMNS.reduce(
  (count, { storage }) => count + (storage === 'dictionary' ? 1 : storage === 'pairs' ? 2 : 0),
  0,
)

import type { Events } from '../../core/catalogue/events/events.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import type { Rewinding } from './rewinding.ts'
import type { RowAges } from './row-ages.ts'

/** `streams`: those without a table are not read. */
export interface StoreOptions {
  readonly streams: readonly StreamDeclaration[]
  readonly warehouse: Warehouse
  readonly events: Events
  /** Hears of every record whose rows have become visible. */
  readonly rowAges?: RowAges
  /** Hears how far rows are back that the tables had lost. */
  readonly restored?: Rewinding['restored']
  /** Whether small records of a poll become one insert. */
  readonly combines?: boolean
}

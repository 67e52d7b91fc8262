/** A stretch of time of one machine, whose minutes are computed again. */
import { quoteText } from '../../core/warehouse/tables/column-types.ts'

/** Minutes of one machine: `[from, to)` in seconds since the epoch, both on the minute. */
export interface HostSpan {
  readonly tenant: string
  readonly host: string
  /** Names that readings without the id came under, see core of `processors/meter/names`. */
  readonly names: readonly string[]
  readonly from: number
  readonly to: number
}

/** All hosts that the machine stands under in the tables, its id first. */
export const hostsOf = ({ host, names }: HostSpan): readonly string[] => [host, ...names]

/** Condition for rows of the machine, at the start of the sort keys of all tables concerned. */
export const ofMachine = (span: HostSpan): string =>
  `Tenant = ${quoteText(span.tenant)} AND Host IN (${hostsOf(span).map(quoteText).join(', ')})`

/** An instant in SQL, at the precision of a reading's time. */
export const instant = (seconds: number): string => `toDateTime64(${seconds}, 9, 'UTC')`
/** A minute in SQL, as columns `WindowStart` hold it. */
export const minute = (seconds: number): string => `toDateTime(${seconds}, 'UTC')`

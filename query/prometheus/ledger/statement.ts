/** The ledger's series as SQL. Columns of the answer: labels in the order of `labelColumns`, window, value. */
import { LEDGER_BUCKETS } from '../../../core/model/streams/ledger.ts'
import type { QueryParam } from '../../../core/warehouse/warehouse.ts'
import type { Matcher } from '../../promql/index.ts'
import { ROWS_UNLIMITED } from '../reading/reader.ts'
import type { Read } from '../wire/messages.ts'
import { LEDGER_LABELS, type LedgerPart, type LedgerSeries } from './series.ts'

const LEDGER = 'wattline.ledger'
const HOUR = 3_600

/** Labels that columns hold, by name; `workload` is made of two of them. */
export const labelColumns = (part: LedgerPart): readonly (readonly [label: string, column: string])[] => [
  ['workload', 'WorkloadName'],
  ...Object.entries(LEDGER_LABELS),
  ...Object.entries(part.columns),
]

/** Start of windows in seconds: `from <= start < to`. */
interface Windows {
  readonly from: number
  readonly to: number
}

/** Windows whose end lies in `(fromMs, toMs]`. */
export function windowsOf({ seconds }: LedgerSeries, fromMs: number, toMs: number): Windows {
  const start = (ms: number): number => clamp(Math.floor(ms / 1000 / seconds) * seconds)
  return { from: start(fromMs), to: start(toMs) }
}

/** Times of the ledger are 32 bits wide; whole hours of them. */
const clamp = (seconds: number): number => Math.min(Math.max(0, seconds), 4_294_962_000)

/** Samples of a part, series by series in order of time. */
export function windowsStatement(
  series: LedgerSeries,
  part: LedgerPart,
  matchers: readonly Matcher[],
  windows: Windows,
): Read {
  const columns = labelColumns(part).map(([, column]) => column)
  const keys = [...columns, series.bucket].join(', ')
  // Whole hours where a value is that of the hour.
  const read =
    part.per === undefined
      ? windows
      : { from: Math.floor(windows.from / HOUR) * HOUR, to: Math.ceil(windows.to / HOUR) * HOUR }
  const { text, params } = conditions(series, labelColumns(part), matchers, read)
  const divisor = part.divisor * (series.isRate ? series.seconds : 1)
  const value = valueText(part, columns, divisor)
  const rows =
    `SELECT ${columns.join(', ')}, toUInt32(${series.bucket}) AS start, ${value} AS value FROM ${LEDGER} ` +
    `WHERE ${text} GROUP BY ${keys} HAVING ${part.sum} IS NOT NULL`
  return {
    sql:
      `SELECT ${columns.join(', ')}, start, toFloat64(assumeNotNull(value)) FROM (${rows}) ` +
      'WHERE value IS NOT NULL AND start >= {first:UInt32} AND start < {last:UInt32} ' +
      `ORDER BY ${columns.join(', ')}, start`,
    params: { ...params, first: windows.from, last: windows.to },
    maxRows: ROWS_UNLIMITED,
  }
}

/**
 * Label sets of all series at once, from sums by the hour: label columns, currency, and for each of `parts` whether it has
 * a value.
 */
export function listingStatement(
  parts: readonly LedgerPart[],
  matchers: readonly Matcher[],
  { from, to }: Windows,
): Read {
  const columns = LISTED_COLUMNS.map(([, column]) => column).join(', ')
  const hours = { bucket: LEDGER_BUCKETS.hour }
  const { text, params } = conditions(hours, LISTED_COLUMNS.slice(0, -1), matchers, {
    from: Math.floor(from / HOUR) * HOUR,
    to: Math.ceil(to / HOUR) * HOUR,
  })
  const flags = parts.map(part => `toUInt8(${part.sum} IS NOT NULL)`)
  return {
    sql: `SELECT ${columns}, ${flags.join(', ')} FROM ${LEDGER} WHERE ${text} GROUP BY ${columns}`,
    params,
    maxRows: ROWS_UNLIMITED,
  }
}

/** Columns of a listing. */
export const LISTED_COLUMNS: readonly (readonly [label: string, column: string])[] = [
  ['workload', 'WorkloadName'],
  ...Object.entries(LEDGER_LABELS),
  ['currency', 'Currency'],
]

/** The newest window of each host. */
export const newestWindowsStatement = (series: LedgerSeries, windows: Windows): Read => ({
  sql:
    `SELECT Host, toUInt32(max(${series.bucket})) FROM ${LEDGER} ` +
    `WHERE ${timeText(series)} GROUP BY Host`,
  params: { from: windows.from, to: windows.to },
  maxRows: ROWS_UNLIMITED,
})

function valueText(part: LedgerPart, columns: readonly string[], divisor: number): string {
  if (part.per === undefined) return `toFloat64(${part.sum}) / ${divisor}`
  // A correction of an hour is booked in its first minute: only the hour as a whole has an intensity.
  const hour = `PARTITION BY ${columns.join(', ')}, toStartOfHour(WindowStart)`
  const [above, below] = [part.sum, part.per].map(sum => `toFloat64(sum(${sum}) OVER (${hour}))`)
  return `${above} / nullIf(${below}, 0) / ${divisor}`
}

const timeText = ({ bucket }: Pick<LedgerSeries, 'bucket'>): string =>
  `Tenant = {tenant:String} AND ${bucket} >= toDateTime({from:UInt32}, 'UTC') AND ${bucket} < toDateTime({to:UInt32}, 'UTC')`

/** Matchers that compare are for the engine; regular expressions are tested on label sets (reader.ts). */
function conditions(
  series: Pick<LedgerSeries, 'bucket'>,
  labels: readonly (readonly [label: string, column: string])[],
  matchers: readonly Matcher[],
  windows: Windows,
): { readonly text: string; readonly params: Readonly<Record<string, QueryParam>> } {
  const params: Record<string, QueryParam> = { from: windows.from, to: windows.to }
  const columns = new Map(labels)
  const texts = [timeText(series)]
  for (const [index, { name, op, value }] of matchers.entries()) {
    const column = columns.get(name)
    if (column === undefined || (op !== '=' && op !== '!=')) continue
    const bound = `{m${index}:String}`
    params[`m${index}`] = value
    const compared =
      name === 'workload'
        ? `if(WorkloadName = '', WorkloadId, WorkloadName) ${op} ${bound}`
        : `${column} ${op} ${bound}`
    texts.push(compared)
  }
  return { text: texts.join(' AND '), params }
}

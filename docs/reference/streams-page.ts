import { STREAMS } from '../../core/model/streams/index.ts'
import { ROLLUP_KEYS, ROLLUP_SUMS } from '../../core/model/streams/ledger.ts'
import type { Column, StreamDeclaration } from '../../core/model/streams/stream.ts'
import { storedType } from '../../core/warehouse/tables/column-types.ts'
import { ROLLUP_VIEWS, TRACE_INDEX, TRACE_INDEX_COLUMNS } from '../../core/warehouse/tables/ddl-derived.ts'
import { METRIC_VIEWS, type MetricView } from '../../core/warehouse/tables/ddl-metrics.ts'
import { NOTE, table } from './markdown.ts'

/** Every table and view that SQL may read, and the streams that fill them. */
export function streamsPage(): string {
  return [
    `# Streams and tables\n\n${NOTE}`,
    'A stream is a topic of the log; most have a table of the same columns, which processor `store` fills. After the streams come the tables and views that are made beside them. All are in database `wattline`.',
    ...STREAMS.flatMap(stream => [streamPart(stream), ...(stream.holds ?? []).map(heldPart)]),
    tracePart(),
    ...ROLLUP_VIEWS.map(rollupPart),
    ...METRIC_VIEWS.map(metricViewPart),
  ]
    .join('\n\n')
    .concat('\n')
}

const columnTable = (columns: readonly (readonly [name: string, type: string])[]): string =>
  `${table(
    ['column', 'type'],
    columns.map(([name, type]) => [`\`${name}\``, `\`${type}\``]),
  )}`

const typed = (columns: readonly Column[]): string =>
  columnTable(columns.map(column => [column.name, storedType(column)]))

function streamPart(stream: StreamDeclaration): string {
  const where =
    stream.table === undefined
      ? 'No table: it lives in the log only.'
      : `Table \`wattline.${stream.table.name}\`, sorted by ${stream.table.orderBy.map(key => `\`${key}\``).join(', ')}.`
  const key = stream.key === 'none' ? 'round robin' : 'tenant and host'
  if (stream.holds !== undefined) {
    const tables = stream.holds.map(({ name }) => `\`${name}\``).join(' and ')
    return `## ${stream.name}\n\nNo table of its own: it lives in the log only, compacted, in one partition: the newest record of every key stays. A record is rows of one of the tables ${tables}, to which processor \`store\` adds those that they lack; its key begins with the table's name.`
  }
  if (stream.columns.length === 0) {
    return `## ${stream.name}\n\n${where} Records of other streams, as other instances have forwarded them; partitioned by where they come from.`
  }
  return `## ${stream.name}\n\n${where} In the log partitioned by: ${key}.\n\n${typed(stream.columns)}`
}

const tracePart = (): string =>
  `## ${TRACE_INDEX}\n\nTable. First and last second of every trace, filled with \`otel_traces\`: bounds the search for one trace.\n\n${columnTable(TRACE_INDEX_COLUMNS.map(([name, type]) => [name, type]))}`

function rollupPart({ name, bucket }: (typeof ROLLUP_VIEWS)[number]): string {
  const columns = ['WindowStart', ...ROLLUP_KEYS, ...ROLLUP_SUMS.map(sum => sum.name)].map(column => [
    `\`${column}\``,
    MEANING.get(column) ?? (column === 'WindowStart' ? `\`${bucket}\`` : 'as in `ledger`'),
  ])
  return `## ${name}\n\nView. The ledger summed by \`${bucket}\` and all columns that are not sums; the engine answers it from a projection inside the ledger.\n\n${table(['column', 'what it is'], columns)}`
}

const metricViewPart = ({ name, points, before, condition }: MetricView): string =>
  `## ${name}\n\nView with the columns and types of the OpenTelemetry Collector's exporter, over the rows of \`${points.table!.name}\`${condition === '' ? '' : ` with \`${condition}\``} and those that earlier releases stored in \`${before.table!.name}\`.\n\n${typed(before.columns)}`

const MEANING: ReadonlyMap<string, string> = new Map(
  ROLLUP_SUMS.map(({ name, expression }) => [name, `\`${expression}\``]),
)

const heldPart = ({ name, columns }: StreamDeclaration): string =>
  `## ${name}\n\nTable. Every version is kept, once; \`ledger\` names rows of it by \`Version\`.\n\n${typed(columns)}`

/** The auditor's rules for spans. */
import { type Acknowledged, type MissingSpans, spansOf } from './acknowledged.ts'
import type { Reader } from './audit.ts'
import { isTold, NOTHING_TOLD, type Told } from './audit-losses.ts'

interface BatchRow {
  readonly batch: string
  readonly spans: string
  readonly distinct: string
}

/**
 * Each acknowledged attempt is in the table complete and once; each attempt without an answer complete and once, or not
 * at all; there is nothing else; and the index of traces has every trace.
 */
export async function auditSpans(
  reader: Reader,
  acknowledged: Acknowledged,
  told: Told = NOTHING_TOLD,
): Promise<string[]> {
  const findings: string[] = []
  const isForgiven = isTold(told)
  const rows = new Map((await batchRows(reader, acknowledged)).map(row => [row.batch, row]))
  for (const [id, size] of acknowledged.batches) {
    const row = rows.get(id)
    if (isForgiven && isShort(row, size)) continue
    if (row === undefined) findings.push(`acknowledged batch ${id} of ${size} spans is missing`)
    else if (!isWhole(row, size)) findings.push(`acknowledged batch ${id} has ${said(row)}, of ${size}`)
  }
  for (const [id, row] of rows) {
    if (acknowledged.batches.has(id)) continue
    const size = acknowledged.unanswered.get(id)
    if (size === undefined) findings.push(`batch ${id} is in the table but was refused`)
    else if (isForgiven && isShort(row, size)) continue
    else if (!isWhole(row, size)) findings.push(`unanswered batch ${id} has ${said(row)}, of ${size}`)
  }
  acknowledged.missing = missingOf(acknowledged, id => Number(rows.get(id)?.spans ?? 0))
  return [...findings, ...(await auditIndex(reader, acknowledged))]
}

function missingOf(
  { batches, times, unanswered }: Acknowledged,
  spansOf: (id: string) => number,
): MissingSpans {
  const acknowledged = [...batches].flatMap(([id, size]) => {
    const spans = size - spansOf(id)
    return spans > 0 ? [{ spans, acknowledgedMs: times.get(id) ?? 0 }] : []
  })
  const unsure = [...unanswered].reduce((sum, [id, size]) => sum + size - spansOf(id), 0)
  return { acknowledged, unanswered: unsure }
}

/** Fewer than expected, and no duplicates. */
const isShort = (row: BatchRow | undefined, size: number): boolean =>
  row === undefined || (Number(row.spans) < size && row.spans === row.distinct)

const isWhole = ({ spans, distinct }: BatchRow, size: number): boolean =>
  Number(spans) === size && Number(distinct) === size

const said = ({ spans, distinct }: BatchRow): string => `${spans} rows, ${distinct} distinct`

/** Spans of acknowledged attempts that are already in the table. */
export async function countAcknowledged(reader: Reader, acknowledged: Acknowledged): Promise<number> {
  const rows = await batchRows(reader, acknowledged)
  const found = rows.filter(({ batch }) => acknowledged.batches.has(batch))
  return spansOf(new Map(found.map(({ batch, spans }) => [batch, Number(spans)])))
}

const batchRows = (reader: Reader, { service }: Acknowledged) =>
  reader.sql<BatchRow>(
    `SELECT SpanAttributes['batch'] AS batch, toString(count()) AS spans, toString(uniqExact(SpanId)) AS distinct
     FROM otel_traces WHERE ServiceName = '${service}' GROUP BY batch`,
  )

/** Every span has its own trace, so the index has as many rows as the table. */
async function auditIndex(reader: Reader, { service }: Acknowledged): Promise<string[]> {
  const traces = `SELECT TraceId FROM otel_traces WHERE ServiceName = '${service}'`
  const [row] = await reader.sql<{ spans: string; indexed: string }>(
    `SELECT toString((SELECT uniqExact(TraceId) FROM (${traces}))) AS spans,
       toString((SELECT uniqExact(TraceId) FROM otel_traces_trace_id_ts WHERE TraceId IN (${traces}))) AS indexed`,
  )
  return row?.spans === row?.indexed ? [] : [`of ${row?.spans} traces ${row?.indexed} are in the index`]
}

/** Only spans of these clients, over the whole of a long run. */
export async function auditAll(reader: Reader, epochs: readonly Acknowledged[]): Promise<string[]> {
  const rows = await reader.sql<{ service: string; n: string }>(
    'SELECT ServiceName AS service, toString(count()) AS n FROM otel_traces GROUP BY service',
  )
  const known = new Set(epochs.map(({ service }) => service))
  return rows
    .filter(({ service }) => !known.has(service))
    .map(({ service, n }) => `${n} spans of service '${service}', that nobody sent`)
}

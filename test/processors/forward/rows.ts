/** Rows to forward: each says which it is, so that an auditor can find it again. */
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { logs, readings } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'

export const nowNano = (): bigint => BigInt(Date.now()) * 1_000_000n

export const logRow = (body: string, more: Partial<RowOf<typeof logs>> = {}): RowOf<typeof logs> => ({
  Tenant: 'default',
  Timestamp: nowNano(),
  TraceId: '',
  SpanId: '',
  TraceFlags: 0,
  SeverityText: 'INFO',
  SeverityNumber: 9,
  ServiceName: 'shop',
  Body: body,
  ResourceSchemaUrl: '',
  ResourceAttributes: { 'service.name': 'shop' },
  ScopeSchemaUrl: '',
  ScopeName: 'test',
  ScopeVersion: '',
  ScopeAttributes: {},
  LogAttributes: { user: `user-${body.length}` },
  EventName: '',
  DroppedAttributesCount: 0,
  ...more,
})

export const readingRow = (
  host: string,
  value: bigint,
  more: Partial<RowOf<typeof readings>> = {},
): RowOf<typeof readings> => ({
  Tenant: 'default',
  Host: host,
  HostName: host,
  BootId: 'boot',
  Timestamp: nowNano(),
  Quantity: 'energy',
  Domain: 'package-0',
  Device: '',
  WorkloadKind: '',
  WorkloadId: '',
  Value: value,
  RangeMax: 0n,
  Source: 'rapl',
  Quality: 'measured',
  Attributes: {},
  ...more,
})

export const logRecord = (bodies: readonly string[]) => ({
  value: encodeRows(
    logs,
    bodies.map(body => logRow(body)),
  ),
  timestampMs: Date.now(),
})

export const readingRecord = (rows: readonly RowOf<typeof readings>[]) => ({
  value: encodeRows(readings, rows),
  timestampMs: Date.now(),
})

/** A record for each of the lists, by one builder: a thousand of them in a moment. */
export function readingRecords(lists: readonly (readonly RowOf<typeof readings>[])[]): Uint8Array[] {
  const builder = createRecordBuilder(readings)
  const columns = Object.entries(builder.columns) as [
    keyof RowOf<typeof readings>,
    { append(value: unknown): void },
  ][]
  return lists.map(rows => {
    for (const row of rows) {
      for (const [name, column] of columns) column.append(row[name])
      builder.endRow()
    }
    return builder.finish()
  })
}

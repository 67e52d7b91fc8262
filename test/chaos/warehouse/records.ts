import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { ledger, STREAMS, traces } from '../../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { DAY_S, ledgerEntry, MONTH_START_S, span } from '../../contract/warehouse/sample-rows.ts'

/** The records of the crash tests: the same number gives the same bytes, as in a log. */
export const SPANS_PER_RECORD = 60
export const ENTRIES_PER_RECORD = 40
/** Each partition of an insert has its own moment in which a kill can waste its token. */
export const SPAN_DAYS = 20

export interface ChaosRecord {
  readonly stream: StreamDeclaration
  readonly bytes: Uint8Array
  readonly token: string
}

/** Even numbers are spans over twenty days, odd ones ledger entries over two months. */
export function chaosRecord(number: number): ChaosRecord {
  const id = String(number)
  if (number % 2 === 0) {
    const rows = Array.from({ length: SPANS_PER_RECORD }, (_, index) =>
      span({
        SpanName: id,
        SpanId: index.toString(16).padStart(16, '0'),
        TraceId: (number * 1000 + index + 1).toString(16).padStart(32, '0'),
        Timestamp: BigInt(MONTH_START_S + (index % SPAN_DAYS) * DAY_S) * 1_000_000_000n,
      }),
    )
    return { stream: traces, bytes: encodeRows(traces, rows), token: `traces/0/${id}` }
  }
  const rows = Array.from({ length: ENTRIES_PER_RECORD }, (_, index) =>
    ledgerEntry({
      WorkloadId: id,
      WindowStart: MONTH_START_S + (index - (ENTRIES_PER_RECORD >> 1)) * 60,
      EnergyUj: BigInt(number * 1_000 + index),
      EntryId: `${id}-${index}`,
    }),
  )
  return { stream: ledger, bytes: encodeRows(ledger, rows), token: `ledger/0/${id}` }
}

export async function openForChaos(path: string, repairTokens: boolean): Promise<Warehouse> {
  const warehouse = await openEmbeddedWarehouse({
    path,
    maxMemoryBytes: 2 ** 31,
    events: silentEvents,
    repairTokens,
  })
  await warehouse.migrate(STREAMS, { signalsDays: 9_000, ledgerDays: 9_000 })
  return warehouse
}

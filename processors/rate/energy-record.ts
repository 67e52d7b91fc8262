import type { RecordBuilder } from '../../core/columns/record-builder.ts'
import type { RecordView } from '../../core/columns/record-reader.ts'
import type { energy, ledger } from '../../core/model/streams/index.ts'

/** What `rate` reads. */
export type EnergyRecord = RecordView<typeof energy>
/** What it writes to. */
export type LedgerBuilder = RecordBuilder<typeof ledger>

import type { RecordView } from '../../core/columns/record-reader.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'

/** A record of this log that is to be sent. */
export interface PendingRecord {
  readonly offset: bigint
  readonly value: Uint8Array
  readonly view: RecordView<StreamDeclaration>
}

/** Records of one partition, in order. */
interface ExportBatch {
  readonly stream: StreamDeclaration
  readonly partition: number
  /** Identity of the log that they are from. */
  readonly log: string
  readonly records: readonly PendingRecord[]
}

/** Sends records of this log to a receiver. */
export interface Exporter {
  /** Whether there is anything to send of a stream. */
  takes(stream: StreamDeclaration): boolean
  /** Whether a record still fits into a batch beside those that are in it. */
  fits(rows: number, bytes: number): boolean
  /**
   * Resolves when the receiver has all of it. @throws WattlineError `uplink_unavailable` when it may have it or not: the
   * same again; `uplink_refused` when it will never take it
   */
  send(batch: ExportBatch, signal: AbortSignal): Promise<void>
  close(): void
}

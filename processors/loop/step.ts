import type { NewRecord, OutputRecord, StoredRecord } from '../../core/broker/broker.ts'
import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { quarantine } from '../../core/model/streams/index.ts'

/** What a run of records changes: outputs, state and the input offset, to be made visible together. */
export class Step {
  readonly outputs: OutputRecord[] = []
  readonly state = new Map<string, Uint8Array | null>()

  get isEmpty(): boolean {
    return this.outputs.length === 0 && this.state.size === 0
  }

  /** What it held is committed. */
  clear(): void {
    this.outputs.length = 0
    this.state.clear()
  }

  emit(stream: string, partition: number, record: NewRecord): void {
    this.outputs.push({ stream, partition, record })
  }

  /** Sets a record aside with its error, so that the partition goes on. Bytes and offset stay with it. */
  quarantine(
    record: StoredRecord,
    from: { processor: string; stream: string; partition: number },
    error: WattlineError,
  ): void {
    const row = {
      Time: BigInt(record.timestampMs) * 1_000_000n,
      Processor: from.processor,
      Stream: from.stream,
      Partition: from.partition,
      Offset: record.offset,
      Code: error.code,
      Error: error.message,
      Headers: record.headers,
      Record: Buffer.from(record.value).toString('base64'),
      Key: record.key ?? '',
    }
    const value = encodeRows(quarantine, [row])
    this.emit(quarantine.name, 0, { value, timestampMs: record.timestampMs })
  }
}

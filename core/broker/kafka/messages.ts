/** Converts our records for the client. */
import type { MessageToProduce } from '@platformatic/kafka'
import type { NewRecord } from '../broker.ts'

/** Keys and header values are sent as UTF-8; the value's bytes are not copied. */
export function toMessage(topic: string, partition: number, record: NewRecord): MessageToProduce {
  const headers = new Map<Buffer, Buffer>()
  for (const [key, value] of Object.entries(record.headers ?? {})) {
    headers.set(Buffer.from(key), Buffer.from(value))
  }
  return {
    topic,
    partition,
    ...(record.key === undefined ? {} : { key: Buffer.from(record.key) }),
    value: asBuffer(record.value),
    headers,
    timestamp: BigInt(record.timestampMs),
  }
}

/** The same bytes, not a copy. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Approximate bytes of a record: for limits. */
export const weightOf = (record: NewRecord): number => record.value.length + 128

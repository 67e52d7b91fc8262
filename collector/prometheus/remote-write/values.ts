import type { ProtobufReader } from '../../../core/protobuf/reader.ts'

/** Parts of the NaN with which Prometheus marks the end of a series: 0x7ff0000000000002, identified by its bits. */
export const isStaleMarker = (low: number, high: number): boolean => low === 2 && high === 0x7ff0_0000

/** An int64 of milliseconds; values beyond 2^53, which no real time reaches, are rounded. */
export function signedMs(reader: ProtobufReader, end: number): number {
  reader.varint(end)
  return reader.signed()
}

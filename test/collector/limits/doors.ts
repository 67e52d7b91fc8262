/** Doors as the table of limits sees them: each an adapter, so that a new one is driven through every row too. */

import { gzipSync } from 'node:zlib'
import { jsonToProtobuf } from '../../../collector/otlp/json.ts'
import type { DoorName } from '../../../core/runtime/limits.ts'
import { encodeWrite1, HEADERS_1, snappy } from '../../support/remote-write.ts'

export interface ItemOptions {
  readonly attributes?: number
  readonly valueBytes?: number
  /** From now. */
  readonly offsetMs?: number
}

export interface LimitDoor {
  readonly name: string
  /** Column of the table. */
  readonly door: DoorName
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** What it answers when all is well. */
  readonly ok: number
  /** A request with one item, compressed as the door wants it. */
  item(options?: ItemOptions): Uint8Array
  /** A small body that grows to so many bytes, and the headers it needs. */
  bomb(bytes: number): { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array }
}

const nanoNow = (offsetMs: number): string => String(BigInt(Date.now() + offsetMs) * 1_000_000n)

export function spanJson({ attributes = 0, valueBytes = 1, offsetMs = 0 }: ItemOptions): string {
  const span = {
    traceId: '01'.repeat(16),
    spanId: '02'.repeat(8),
    name: 'probe',
    startTimeUnixNano: nanoNow(offsetMs),
    attributes: Array.from({ length: attributes }, (_, at) => ({
      key: `k${at}`,
      value: { stringValue: 'v'.repeat(valueBytes) },
    })),
  }
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
}

const gzipBomb = (type: string) => (bytes: number) => ({
  headers: { 'content-type': type, 'content-encoding': 'gzip' },
  body: gzipSync(new Uint8Array(bytes)),
})

export const LIMIT_DOORS: readonly LimitDoor[] = [
  {
    name: 'OTLP/HTTP protobuf',
    door: 'otlpHttp',
    path: '/v1/traces',
    headers: { 'content-type': 'application/x-protobuf' },
    ok: 200,
    item: (options = {}) => Uint8Array.from(jsonToProtobuf('traces', Buffer.from(spanJson(options)))),
    bomb: gzipBomb('application/x-protobuf'),
  },
  {
    name: 'OTLP/HTTP JSON',
    door: 'otlpHttp',
    path: '/v1/traces',
    headers: { 'content-type': 'application/json' },
    ok: 200,
    item: (options = {}) => Buffer.from(spanJson(options)),
    bomb: gzipBomb('application/json'),
  },
  {
    name: 'remote write',
    door: 'remoteWrite',
    path: '/api/v1/write',
    headers: HEADERS_1,
    ok: 204,
    item: ({ attributes = 0, valueBytes = 1, offsetMs = 0 } = {}) => {
      const labels = Array.from(
        { length: attributes },
        (_, at) => [`k${at}`, 'v'.repeat(valueBytes)] as const,
      )
      const samples = [{ value: 1, timestamp: Date.now() + offsetMs }]
      return snappy(encodeWrite1([{ labels: [['__name__', 'probe'], ...labels], samples }]))
    },
    bomb: bytes => ({ headers: HEADERS_1, body: snappy(new Uint8Array(bytes)) }),
  },
]

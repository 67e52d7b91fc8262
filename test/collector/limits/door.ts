/**
 * Entry points as the table of limits sees them: each is an adapter, so that a new one is tested with every row too.
 */
import type { IntakeOptions } from '../../../collector/intake/intake.ts'
import type { Receiver } from '../../../collector/receiver.ts'
import type { EndpointName, LimitAnswer } from '../../../core/catalogue/limits/declaration.ts'
import type { IntakeRig } from '../otlp/intake-rig.ts'

export interface DoorAnswer {
  readonly status: NonNullable<LimitAnswer>
  /** Additional text, with the code of the error. */
  readonly text: string
  /** Whether the answer says when to retry. */
  readonly saysWhen: boolean
}

export const CLOSED: DoorAnswer = { status: 'closed', text: '', saysWhen: false }

export interface LimitRig extends IntakeRig {
  readonly receiver: Receiver
  readonly port: number
}

/** Limits that a test makes small; times in milliseconds. */
export interface DoorTuning {
  readonly maxConnections?: number
  readonly maxCalls?: number
  readonly headersMs?: number
  readonly requestMs?: number
  readonly idleMs?: number
  readonly callMs?: number
}

export type OpenRig = (
  settings?: Record<string, unknown>,
  tuning?: DoorTuning,
  neighbours?: Pick<IntakeOptions, 'memory' | 'clock'>,
) => Promise<LimitRig>

/** Exceeds a limit; every answer must be the one in the table. */
export type Probe = (door: LimitDoor, open: OpenRig) => Promise<readonly DoorAnswer[]>

export interface ItemOptions {
  readonly attributes?: number
  readonly valueBytes?: number
  /** From now. */
  readonly offsetMs?: number
}

export interface Payload {
  readonly body: Uint8Array
  /** Headers of a complete body; those that are always sent are left out. */
  readonly coding?: 'gzip' | 'zstd'
}

/** One connection. */
export interface DoorClient {
  connected(): Promise<unknown>
  send(payload: Payload): Promise<DoorAnswer>
  /** Announces a body of this size, and sends part of it. */
  begin(announcedBytes: number, sent: Uint8Array): Promise<DoorAnswer>
  /** Resolves when the other end has closed it. */
  closed(): Promise<unknown>
  end(): void
}

export interface LimitDoor {
  readonly name: string
  /** Column of the table. */
  readonly door: EndpointName
  readonly encoding: 'protobuf' | 'json' | 'remote write'
  /** Its answer if all is well. */
  readonly ok: DoorAnswer['status']
  readonly open: OpenRig
  connect(port: number): DoorClient
  /** A request with one item, in the format of the entry point. */
  item(options?: ItemOptions): Payload
  /** A small body that grows to this many bytes. */
  bomb(bytes: number): Payload
  /** A body without an announced length, if that exists. */
  unannounced?(port: number, body: Uint8Array): Promise<DoorAnswer>
  /** Requests with a head longer by this number of bytes, in every way possible. */
  longHeads(port: number, bytes: number): Promise<readonly DoorAnswer[]>
  /** Silent connections, or those that stop before their first request has begun. */
  silent(port: number): Promise<readonly DoorAnswer[]>
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

/** A span whose only attribute is arrays nested to this depth. */
export const nestedJson = (depth: number): string =>
  spanJson({ attributes: 1 }).replace(
    '{"stringValue":"v"}',
    `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}`,
  )

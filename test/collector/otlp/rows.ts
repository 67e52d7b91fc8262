/** Rows of a request as in the tables: for comparing two encodings of the same telemetry. */

import { decodeInto } from '../../../collector/intake/decode-into.ts'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import { createBuilders, type Signal } from '../../../collector/otlp/signals.ts'
import { decoders, recogniser } from '../intake/fakes.ts'
import { takeRows } from './decode/ours.ts'
import type { Row } from './decode/reference.ts'

export const CONTEXT = {
  tenant: 'default',
  nowUnixNano: 1_700_000_000_000_000_000n,
  limits: {
    attributes: 128,
    attributeBytes: 4096,
    futureNano: 3_600_000_000_000n,
    pastNano: 365n * 86_400_000_000_000n,
    maxDepth: 32,
  },
}

export function rowsOf(signal: Signal, body: Uint8Array): Readonly<Record<string, unknown>>[] {
  const builders = createBuilders()
  decodeInto({ decoders, recogniser }, signal, body, CONTEXT, builders)
  return Object.values<readonly Row[]>(takeRows(signal, builders)).flat()
}

export const jsonRows = (signal: Signal, value: unknown) =>
  rowsOf(
    signal,
    jsonToProtobuf(signal, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))),
  )

/**
 * Guarantees: for any request, with fields in any order, unknown fields, superseded values and messages in pieces, the
 * decoders give exactly the rows, refusals and counts of an independent decoder (protobufjs) and a simple
 * implementation of the rules.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Signal } from '../../../../collector/otlp/signals.ts'
import { runs } from '../../../support/runs.ts'
import { encode } from './otlp-proto.ts'
import { decodedOf } from './ours.ts'
import { expectedOf, REQUEST_MESSAGES } from './reference.ts'
import { logsRequest, metricsRequest, traceRequest } from './requests.ts'
import { spoiled } from './spoil.ts'
import { CONTEXT, NOW, withLimits } from './support.ts'
import { encodeOddly, seededRandom } from './wire.ts'

const RUNS = { numRuns: runs(100), seed: 20261126 }

const SIGNALS: readonly (readonly [Signal, fc.Arbitrary<object>])[] = [
  ['traces', traceRequest],
  ['logs', logsRequest],
  ['metrics', metricsRequest],
]

/** Seed 0: as protobufjs encodes it. */
const bytesOf = (signal: Signal, request: object, seed: number): Uint8Array =>
  seed === 0
    ? encode(REQUEST_MESSAGES[signal], request)
    : encodeOddly(REQUEST_MESSAGES[signal], request, seededRandom(seed))

test.each(SIGNALS)('%s within the limits', (signal, requests) => {
  fc.assert(
    fc.property(requests, fc.nat(1000), (request, seed) => {
      const bytes = bytesOf(signal, request, seed)
      const expected = expectedOf(signal, bytes, CONTEXT)
      expect(decodedOf(signal, bytes, CONTEXT)).toEqual(expected)
      expect(expected.result).toMatchObject({ rejected: 0, cutAttributes: 0 })
    }),
    RUNS,
  )
})

const TIGHT = withLimits({ attributes: 3, attributeBytes: 24, maxDepth: 2, pastNano: NOW / 10n })

test.each(SIGNALS)('%s beyond them', (signal, requests) => {
  let rejected = 0
  let cut = 0
  fc.assert(
    fc.property(requests, fc.nat(1000), (request, seed) => {
      const bytes = bytesOf(signal, spoiled(request, seededRandom(seed)), seed)
      const expected = expectedOf(signal, bytes, TIGHT)
      expect(decodedOf(signal, bytes, TIGHT)).toEqual(expected)
      rejected += expected.result.rejected
      cut += expected.result.cutAttributes
    }),
    RUNS,
  )
  expect(rejected).toBeGreaterThan(runs(15))
  expect(cut).toBeGreaterThan(runs(15))
})

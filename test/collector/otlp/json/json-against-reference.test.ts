/**
 * Guarantees: OTLP/JSON gives exactly the rows of independent readers: the examples of opentelemetry-proto, and
 * generated requests with every variation that the format allows.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonToProtobuf } from '../../../../collector/otlp/json/json.ts'
import type { Signal } from '../../../../collector/otlp/signals.ts'
import { runs } from '../../../support/runs.ts'
import { encode } from '../decode/otlp-proto.ts'
import { decodedOf } from '../decode/ours.ts'
import { expectedOf, REQUEST_MESSAGES } from '../decode/reference.ts'
import { logsRequest, metricsRequest, traceRequest } from '../decode/requests.ts'
import { spoiled } from '../decode/spoil.ts'
import { CONTEXT } from '../decode/support.ts'
import { seededRandom } from '../decode/wire.ts'
import { jsonIndependently } from './json-reference.ts'
import { oddJson } from './odd-json.ts'

const fromJson = (signal: Signal, text: string) =>
  decodedOf(signal, jsonToProtobuf(signal, Buffer.from(text)), CONTEXT)

test.each([
  ['trace', 'traces', { traces: 1 }],
  ['metrics', 'metrics', { gauge: 1, sum: 1, histogram: 1, expHistogram: 1, summary: 0 }],
  ['logs', 'logs', { logs: 1 }],
  ['events', 'logs', { logs: 1 }],
] as const)('example %s.json', (file, signal, rows) => {
  const text = readFileSync(new URL(`examples/${file}.json`, import.meta.url), 'utf8')
  const ours = fromJson(signal, text)
  expect(ours).toEqual(expectedOf(signal, jsonIndependently(signal, text), CONTEXT))
  const counts = Object.entries(ours.rows).map(([builder, { length }]) => [builder, length])
  expect(Object.fromEntries(counts)).toEqual(rows)
})

test.each([
  ['traces', traceRequest],
  ['logs', logsRequest],
  ['metrics', metricsRequest],
] as const)('generated %s', (signal, requests) => {
  const name = REQUEST_MESSAGES[signal]
  fc.assert(
    fc.property(requests, fc.nat(1000), (clean, seed) => {
      const request = seed % 4 === 0 ? spoiled(clean, seededRandom(seed)) : clean
      const text = oddJson(name, request, seededRandom(seed))
      const expected = expectedOf(signal, encode(name, request), CONTEXT)
      expect(fromJson(signal, text)).toEqual(expected)
      // The reader of examples is tested too.
      expect(expectedOf(signal, jsonIndependently(signal, text), CONTEXT)).toEqual(expected)
    }),
    { numRuns: runs(100), seed: 20261126 },
  )
})

/**
 * Guarantees: whatever a request holds, in whatever order its fields come, with unknown fields in between, the decoders
 * give exactly the rows that an independent decoder (protobufjs) and a plain reading of the rules give.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeLogs } from '../../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../../collector/otlp/decode/metrics.ts'
import { decodeTraces } from '../../../../collector/otlp/decode/traces.ts'
import { createRecordBuilder } from '../../../../core/columns/record-builder.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { logs, traces } from '../../../../core/model/streams/index.ts'
import { encode } from './otlp-proto.ts'
import { decodeIndependently, logRows, metricRows, traceRows } from './reference.ts'
import { logsRequest, metricsRequest, traceRequest } from './requests.ts'
import { CONTEXT, createMetricBuilders, NOW } from './support.ts'
import { encodeOddly, seededRandom } from './wire.ts'

const RUNS = { numRuns: 300 }

/** Seed 0: encoded as protobufjs does it. */
const bytesOf = (name: string, request: object, seed: number): Uint8Array =>
  seed === 0 ? encode(name, request) : encodeOddly(name, request, seededRandom(seed))

test('traces', () => {
  const builder = createRecordBuilder(traces)
  fc.assert(
    fc.property(traceRequest, fc.nat(1000), (request, seed) => {
      const bytes = bytesOf('ExportTraceServiceRequest', request, seed)
      const expected = traceRows(decodeIndependently('ExportTraceServiceRequest', bytes), 'acme')
      const result = decodeTraces(bytes, CONTEXT, builder)
      expect(decodeRows(traces, builder.finish())).toEqual(expected)
      expect(result).toEqual({ accepted: expected.length, rejected: 0, reasons: new Map(), cutAttributes: 0 })
    }),
    RUNS,
  )
})

test('logs', () => {
  const builder = createRecordBuilder(logs)
  fc.assert(
    fc.property(logsRequest, fc.nat(1000), (request, seed) => {
      const bytes = bytesOf('ExportLogsServiceRequest', request, seed)
      const expected = logRows(decodeIndependently('ExportLogsServiceRequest', bytes), 'acme', NOW)
      const result = decodeLogs(bytes, CONTEXT, builder)
      expect(decodeRows(logs, builder.finish())).toEqual(expected)
      expect(result).toEqual({ accepted: expected.length, rejected: 0, reasons: new Map(), cutAttributes: 0 })
    }),
    RUNS,
  )
})

test('metrics of all five kinds', () => {
  const builders = createMetricBuilders()
  fc.assert(
    fc.property(metricsRequest, fc.nat(1000), (request, seed) => {
      const bytes = bytesOf('ExportMetricsServiceRequest', request, seed)
      const expected = metricRows(decodeIndependently('ExportMetricsServiceRequest', bytes), 'acme')
      const result = decodeMetrics(
        bytes,
        CONTEXT,
        builders,
        () => expect.unreachable(),
        () => false,
      )
      let accepted = 0
      for (const [kind, builder] of Object.entries(builders)) {
        expect(decodeRows(builder.stream, builder.finish())).toEqual(expected[kind])
        accepted += expected[kind]!.length
      }
      expect(result).toEqual({ accepted, rejected: 0, reasons: new Map(), cutAttributes: 0 })
    }),
    RUNS,
  )
})

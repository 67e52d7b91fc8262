/**
 * Guarantees: bytes that are not a request throw only `body_undecodable` with the position, and leave neither rows nor
 * dictionary values in builders that other requests share.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeLogs } from '../../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../../collector/otlp/decode/metrics.ts'
import { SpanRecordBatch } from '../../../../collector/otlp/decode/span-batch.ts'
import { decodeTraces } from '../../../../collector/otlp/decode/traces.ts'
import { createRecogniser } from '../../../../collector/readings/recogniser.ts'
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { createRecordBuilder } from '../../../../core/columns/record-builder.ts'
import { logs } from '../../../../core/model/streams/index.ts'
import { runs } from '../../../support/runs.ts'
import { encode } from './otlp-proto.ts'
import { logsRequest, metricsRequest, traceRequest } from './requests.ts'
import { CONTEXT, createMetricBuilders } from './support.ts'

interface Restorable {
  readonly rows: number
  readonly byteSize: number
  mark(): unknown
  finish(): Uint8Array
}

/** `decode` must either give rows or throw a WattlineError and leave the builders unchanged. */
function decodesOrRestores(builders: readonly Restorable[], decode: () => void): void {
  const before = builders.map(({ rows, byteSize }) => ({ rows, byteSize }))
  const marks = builders.map(builder => builder.mark())
  try {
    decode()
  } catch (error) {
    expect(error).toBeInstanceOf(WattlineError)
    expect((error as WattlineError).code).toBe('body_undecodable')
    expect((error as WattlineError).message).toMatch(/ at byte \d+ of \d+/)
    expect(builders.map(({ rows, byteSize }) => ({ rows, byteSize }))).toEqual(before)
    expect(builders.map(builder => builder.mark())).toEqual(marks)
  }
}

type Damage = (bytes: Uint8Array) => Uint8Array

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map(share => (bytes: Uint8Array) => {
    return bytes.subarray(0, Math.floor(bytes.length * share))
  }),
  fc
    .array(fc.tuple(fc.nat(100_000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
    .map(edits => (bytes: Uint8Array) => {
      const edited = Uint8Array.from(bytes)
      if (edited.length > 0) for (const [at, value] of edits) edited[at % edited.length] = value
      return edited
    }),
  fc.uint8Array({ maxLength: 40 }).map(noise => () => noise),
)

test.each([
  ['traces', 'ExportTraceServiceRequest', traceRequest],
  ['logs', 'ExportLogsServiceRequest', logsRequest],
  ['metrics', 'ExportMetricsServiceRequest', metricsRequest],
] as const)('%s: truncated, edited and random bytes', (signal, message, request) => {
  const metrics = createMetricBuilders()
  const spans = new SpanRecordBatch()
  const records = createRecordBuilder(logs)
  const builders: readonly Restorable[] =
    signal === 'metrics' ? Object.values(metrics) : [signal === 'traces' ? spans : records]
  const decode = (bytes: Uint8Array): void => {
    if (signal === 'traces') decodeTraces(bytes, CONTEXT, spans)
    else if (signal === 'logs') decodeLogs(bytes, CONTEXT, records)
    else decodeMetrics(bytes, CONTEXT, metrics, createRecogniser().begin(CONTEXT))
  }
  fc.assert(
    fc.property(request, fc.array(damage, { maxLength: 12 }), (valid, damages) => {
      const bytes = encode(message, valid)
      // A good request before and after: a failure in between must not affect it.
      decode(bytes)
      for (const harm of damages) decodesOrRestores(builders, () => decode(harm(bytes)))
      decode(bytes)
      for (const builder of builders) builder.finish()
    }),
    { numRuns: runs(50) },
  )
})

test('the error names the position', () => {
  const request = encode('ExportTraceServiceRequest', {
    resource_spans: [{ scope_spans: [{ spans: [{ trace_id: new Uint8Array(16), name: 'GET /' }] }] }],
  })
  const builder = new SpanRecordBatch()
  const last = request.length - 1
  expect(() => decodeTraces(request.subarray(0, last), CONTEXT, builder)).toThrow(
    /a length reaches beyond the end of the message \(in ExportTraceServiceRequest, after tag of field 1, at byte 1 of 30\)/,
  )
  const bent = Uint8Array.from(request)
  bent[request.indexOf(0x2a)] = 0x28
  expect(() => decodeTraces(bent, CONTEXT, builder)).toThrow(
    /wire type 0 does not fit the field \(in Span, after tag of field 5, at byte \d+ of 31\)/,
  )
})

test('a wrong wire type is detected in an attribute too, also at its end', () => {
  const request = encode('ExportTraceServiceRequest', {
    resource_spans: [{ resource: { attributes: [{ key: 'k', value: {} }] }, scope_spans: [{ spans: [{}] }] }],
  })
  const valueTag = request.indexOf(0x6b) + 1
  expect(request[valueTag]).toBe(0x12)
  const bent = Uint8Array.from(request)
  bent[valueTag] = 0x10
  const builder = new SpanRecordBatch()
  expect(() => decodeTraces(bent, CONTEXT, builder)).toThrow(/does not fit the field \(in KeyValue/)
  expect(builder.mark()).toEqual(new SpanRecordBatch().mark())
})

// Guarantees: rows that are sent as OTLP are the rows that a receiver gets, read by our decoders and by an independent one
// (protobufjs and a plain reading of the rules), whatever the telemetry they came from; large records are cut into several
// requests; readings of our own sensors become metrics in which the same readings are recognised, and others stay away.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeLogs } from '../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../collector/otlp/decode/metrics.ts'
import { SpanRecordBatch } from '../../../collector/otlp/decode/span-batch.ts'
import { decodeTraces } from '../../../collector/otlp/decode/traces.ts'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import {
  logs,
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
  readings,
  traces,
} from '../../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { requestsOf } from '../../../processors/forward/otlp/requests.ts'
import { encode } from '../../collector/otlp/decode/otlp-proto.ts'
import {
  decodeIndependently,
  logRows,
  metricRows,
  type Row,
  traceRows,
} from '../../collector/otlp/decode/reference.ts'
import { logsRequest, metricsRequest, traceRequest } from '../../collector/otlp/decode/requests.ts'
import { CONTEXT, createMetricBuilders, NO_SINK, NOW } from '../../collector/otlp/decode/support.ts'
import { recognisedIn } from '../../collector/readings/recognising.ts'
import { exporterRows } from '../../support/exporter-rows.ts'
import { logRow, readingRow } from './rows.ts'

const RUNS = { numRuns: 60 }

const sendable = (stream: StreamDeclaration, record: Uint8Array) => [
  ...requestsOf(stream, readRecord(stream, record), () => expect.unreachable()),
]

test('traces', () => {
  const builder = new SpanRecordBatch()
  fc.assert(
    fc.property(traceRequest, request => {
      decodeTraces(encode('ExportTraceServiceRequest', request), CONTEXT, builder)
      const record = builder.finish()
      // Kinds and codes that OTLP does not have are kept as '', and sent as nothing in particular.
      const rows = decodeRows(traces, record).map(row => ({
        ...row,
        // Attributes are sent as text.
        AttributeTypes: '',
        SpanKind: row.SpanKind || 'Unspecified',
        StatusCode: row.StatusCode || 'Unset',
      }))
      const sent = sendable(traces, record)
      const independent = sent.flatMap(({ body }) =>
        traceRows(decodeIndependently('ExportTraceServiceRequest', body), 'acme'),
      )
      for (const { body } of sent) decodeTraces(body, CONTEXT, builder)
      expect(decodeRows(traces, builder.finish())).toEqual(rows)
      expect(independent).toEqual(rows)
    }),
    RUNS,
  )
})

test('logs', () => {
  const builder = createRecordBuilder(logs)
  fc.assert(
    fc.property(logsRequest, request => {
      decodeLogs(encode('ExportLogsServiceRequest', request), CONTEXT, builder)
      const record = builder.finish()
      const rows = decodeRows(logs, record)
      const sent = sendable(logs, record)
      const independent = sent.flatMap(({ body }) =>
        logRows(decodeIndependently('ExportLogsServiceRequest', body), 'acme', NOW),
      )
      for (const { body } of sent) decodeLogs(body, CONTEXT, builder)
      expect(decodeRows(logs, builder.finish())).toEqual(rows)
      expect(independent).toEqual(rows)
    }),
    RUNS,
  )
})

/** By builder -> the kinds of metrics in it, and the stream in which earlier releases kept each kind. */
const KINDS = {
  points: { gauge: metricsGauge, sum: metricsSum },
  histograms: { histogram: metricsHistogram },
  expHistograms: { expHistogram: metricsExpHistogram },
  summaries: { summary: metricsSummary },
} as const

const byKind = (builder: string, rows: unknown): Record<string, readonly Row[]> =>
  exporterRows({ points: [], histograms: [], expHistograms: [], summaries: [], [builder]: rows })

const independently = (sent: readonly { readonly body: Uint8Array }[], kind: string): Row[] =>
  sent.flatMap(
    ({ body }) => metricRows(decodeIndependently('ExportMetricsServiceRequest', body), 'acme')[kind]!,
  )

test('metrics of all five kinds, as they are stored and as earlier releases stored them', () => {
  const builders = createMetricBuilders()
  const decode = (bytes: Uint8Array) => decodeMetrics(bytes, CONTEXT, builders, NO_SINK)
  fc.assert(
    fc.property(metricsRequest, request => {
      decode(encode('ExportMetricsServiceRequest', request))
      const records = Object.entries(builders).map(
        ([name, builder]) => [name, builder.stream as StreamDeclaration, builder.finish()] as const,
      )
      for (const [name, stream, record] of records) {
        const rows = decodeRows(stream, record)
        const sent = sendable(stream, record)
        for (const { body } of sent) decode(body)
        for (const [other, builder] of Object.entries(builders)) {
          expect(decodeRows(builder.stream, builder.finish())).toEqual(other === name ? rows : [])
        }
        for (const [kind, before] of Object.entries<StreamDeclaration>(KINDS[name as keyof typeof KINDS])) {
          const expected = byKind(name, rows)[kind]!
          expect(independently(sent, kind)).toEqual(expected)
          const older = encodeRows(before, expected as never)
          expect(independently(sendable(before, older), kind)).toEqual(expected)
        }
      }
    }),
    { numRuns: 25 },
  )
})

test('a large record is cut into several requests, in order', () => {
  const bodies = Array.from({ length: 20_000 }, (_, i) => `${i}`)
  const one = logRow('')
  const sent = sendable(
    logs,
    encodeRows(
      logs,
      bodies.map(Body => ({ ...one, Body })),
    ),
  )
  expect(sent.map(({ path }) => path)).toEqual(['/v1/logs', '/v1/logs', '/v1/logs'])
  const builder = createRecordBuilder(logs)
  for (const { body } of sent) decodeLogs(body, { ...CONTEXT, nowUnixNano: one.Timestamp }, builder)
  expect(decodeRows(logs, builder.finish()).map(({ Body }) => Body)).toEqual(bodies)
})

test('readings become metrics in which the same readings are recognised', () => {
  const container = {
    WorkloadKind: 'container',
    WorkloadId: 'c1',
    Attributes: { 'workload.name': 'web', 'container.name': 'web' },
  }
  const own = [
    readingRow('h', 123_456_789n),
    readingRow('h', 2_000_000_000_000_001n, { Domain: 'dram-1' }),
    readingRow('h', 7n, { Domain: 'core-0' }),
    readingRow('h', 1_500_000n, { Domain: 'host', Source: 'rapl:psys' }),
    readingRow('h', 1n, { Domain: 'host', Source: 'estimate:ccf', Quality: 'estimated' }),
    readingRow('h', 60_010_000n, { Quantity: 'cpu_time', Domain: 'user', Source: 'proc' }),
    readingRow('h', 30_000_001n, { Quantity: 'cpu_time', Domain: '', Source: 'cgroup2', ...container }),
    readingRow('h', 1_048_576n, {
      Quantity: 'memory',
      Domain: 'working_set',
      Source: 'cgroup2',
      ...container,
    }),
  ]
  const foreign = [
    readingRow('h', 1n, { Source: 'otlp:hw.energy' }),
    readingRow('h', 1n, {
      Quantity: 'cpu_time',
      Source: 'cgroup2',
      WorkloadKind: 'systemd_unit',
      WorkloadId: 'sshd',
    }),
  ]
  const leftOut: [string, number][] = []
  const record = encodeRows(readings, [...own, ...foreign])
  const sent = [
    ...requestsOf(
      readings,
      readRecord(readings, record),
      (reason, amount) => void leftOut.push([reason, amount]),
    ),
  ]
  expect(leftOut).toEqual([
    ['sent_as_metric', 1],
    ['no_metric', 1],
  ])
  const context = { ...CONTEXT, nowUnixNano: own[0]!.Timestamp }
  const found = sent.flatMap(({ body }) => recognisedIn(body, context).readings)
  const essence = (row: (typeof own)[number]) =>
    [row.Host, row.Quantity, row.Domain, row.WorkloadKind, row.WorkloadId, row.Value, row.Timestamp].join()
  expect(found.map(essence).toSorted()).toEqual(own.map(essence).toSorted())
})

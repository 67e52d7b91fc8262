/** Sends a known set of telemetry with the official SDK, configured by the usual OTEL_* variables, and prints what it sent. */
import {
  type Attributes,
  context,
  createTraceState,
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
  ValueType,
} from '@opentelemetry/api'
import { type Logger, SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { failures, logTee, metricTee, spanTee } from './sent.ts'

const ATTRIBUTES: Attributes = {
  text: 'Größe <b>&"quoted"</b> \\ \u2028 🌱\n',
  empty: '',
  long: 'x'.repeat(4000),
  yes: true,
  no: false,
  'int.max': Number.MAX_SAFE_INTEGER,
  'int.min': Number.MIN_SAFE_INTEGER,
  zero: 0,
  double: 0.1,
  'double.e21': 1e21,
  'double.minus.zero': -0,
  'double.tiny': 5e-324,
  'double.e-7': 1e-7,
  'double.nan': Number.NaN,
  'double.infinity': Number.POSITIVE_INFINITY,
  texts: ['a', '', 'ß"<'],
  flags: [true, false],
  numbers: [1, -1, 0.5, -1e-9],
  none: [],
}

function emitSpans(tracer: Tracer): Span {
  const root = tracer.startSpan('checkout Größe 🌱', { kind: SpanKind.SERVER, attributes: ATTRIBUTES })
  const inRoot = trace.setSpan(context.active(), root)
  const startMs = Date.now()
  root.addEvent('received', { bytes: 42, header: 'ä' }, startMs)
  root.addEvent('plain')
  const child = tracer.startSpan('charge', { kind: SpanKind.CLIENT }, inRoot)
  child.recordException(new TypeError('no money <left>'))
  child.setStatus({ code: SpanStatusCode.ERROR, message: "declined: 'ü'" })
  child.end()
  for (let number = 0; number < 50; number++)
    tracer.startSpan(`step ${number % 7}`, { attributes: { number, half: number / 2 } }, inRoot).end()
  root.end()
  const remote = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: '00f067aa0ba902b7',
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState('vendor=value,other=1'),
  }
  const links = [{ context: root.spanContext(), attributes: { why: 'retry', try: 2 } }, { context: remote }]
  const parent = trace.setSpanContext(context.active(), remote)
  const consume = tracer.startSpan('consume', { kind: SpanKind.CONSUMER, links }, parent)
  consume.setStatus({ code: SpanStatusCode.OK }).end()
  const second = Math.floor(startMs / 1000)
  tracer.startSpan('instant', { kind: SpanKind.PRODUCER, startTime: [second, 1] }).end([second, 1])
  tracer.startSpan('precise', { startTime: [second - 2, 999_999_999] }).end([second - 1, 123_456_789])
  return root
}

function emitMetrics(meter: Meter): void {
  const orders = meter.createCounter('orders', {
    unit: '{order}',
    description: 'Bestellungen größer 0',
    valueType: ValueType.INT,
  })
  orders.add(3, { item: 'Äpfel', paid: true })
  orders.add(Number.MAX_SAFE_INTEGER, { item: 'many' })
  meter.createCounter('cost', { unit: 'EUR' }).add(0.1)
  const queue = meter.createUpDownCounter('queue', { valueType: ValueType.INT })
  queue.add(5, { shard: 1 })
  queue.add(-12, { shard: 2 })
  meter.createGauge('temperature', { unit: 'Cel' }).record(-273.15, { where: 'ü' })
  const boundaries = { advice: { explicitBucketBoundaries: [1, 2.5, 10] } }
  const latency = meter.createHistogram('latency', { unit: 'ms', ...boundaries })
  const sizes = meter.createHistogram('sizes', { unit: 'By' })
  for (let number = 0; number < 40; number++) {
    latency.record(number / 3, { route: `/${number % 2}` })
    sizes.record(number % 5 === 0 ? 0 : 1.7 ** number)
  }
  meter.createObservableCounter('ticks', { valueType: ValueType.INT }).addCallback(observed => {
    observed.observe(7)
    observed.observe(8, { cpu: 1 })
  })
  meter.createObservableUpDownCounter('depth').addCallback(observed => observed.observe(-1.5))
  meter.createObservableGauge('level').addCallback(observed => {
    observed.observe(1e300, { tank: 'a' })
    observed.observe(0, { tank: 'b' })
  })
}

function emitLogs(logger: Logger, root: Span): void {
  const inRoot = trace.setSpan(context.active(), root)
  const info = { severityNumber: SeverityNumber.INFO, severityText: 'INFO', context: inRoot }
  logger.emit({ ...info, body: 'ordered ü <b>', attributes: ATTRIBUTES })
  logger.emit({
    severityNumber: SeverityNumber.FATAL4,
    severityText: 'EMERGENCY',
    body: 'at a time',
    timestamp: Date.now() - 5_000,
  })
  logger.emit({ severityNumber: SeverityNumber.TRACE, body: 'without span', eventName: 'shop.ordered' })
  const nested = {
    list: [1, 'two', 3.5, null, { deep: [true] }],
    ä: { b: new Uint8Array([0, 255]), a: Number.MIN_SAFE_INTEGER },
    empty: {},
  }
  for (const body of [
    true,
    -42,
    2.5,
    new Uint8Array([0, 1, 254]),
    ['a', 1, false],
    nested,
    '',
    'é'.repeat(2000),
  ])
    logger.emit({ severityNumber: SeverityNumber.WARN2, severityText: 'WARN', body, attributes: { nested } })
}

const isJson = process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'http/json'
const resource = defaultResource()
  .merge(
    resourceFromAttributes({
      'host.cpus': 4,
      load: 0.25,
      virtual: true,
      zones: ['a', 'ü'],
      levels: [1, 2, 3],
    }),
  )
  .merge(detectResources({ detectors: [envDetector] }))
const spanProcessors = [new BatchSpanProcessor(spanTee(isJson ? new JsonTraces() : new ProtobufTraces()))]
const tracers = new NodeTracerProvider({ resource, spanProcessors })
const logProcessor = new BatchLogRecordProcessor({
  exporter: logTee(isJson ? new JsonLogs() : new ProtobufLogs()),
})
const loggers = new LoggerProvider({ resource, processors: [logProcessor] })
const exporter = metricTee(isJson ? new JsonMetrics() : new ProtobufMetrics())
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  views: [{ instrumentName: 'sizes', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
})
const schema = { schemaUrl: 'https://opentelemetry.io/schemas/1.39.0' }
const root = emitSpans(tracers.getTracer('shop.javascript', '1.2.3', schema))
emitMetrics(meters.getMeter('shop.javascript', '1.2.3', schema))
emitLogs(loggers.getLogger('shop.javascript', '1.2.3', schema), root)
await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()])
if (failures.length > 0) throw new Error('not accepted', { cause: failures[0] })

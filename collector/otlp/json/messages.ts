/**
 * OTLP's messages as tables: JSON name, field number, type (opentelemetry-proto 1.11). `*` marks repeated fields; numeric
 * ones are packed. `hex` and `base64` are both protobuf bytes: OTLP/JSON writes trace and span ids in hex.
 */
const MESSAGES = {
  ExportTraceServiceRequest: 'resourceSpans=1 ResourceSpans*',
  ResourceSpans: 'resource=1 Resource, scopeSpans=2 ScopeSpans*, schemaUrl=3 string',
  ScopeSpans: 'scope=1 InstrumentationScope, spans=2 Span*, schemaUrl=3 string',
  Span: `traceId=1 hex, spanId=2 hex, traceState=3 string, parentSpanId=4 hex, name=5 string, kind=6 SpanKind,
    startTimeUnixNano=7 fixed64, endTimeUnixNano=8 fixed64, attributes=9 KeyValue*, droppedAttributesCount=10 uint32,
    events=11 Event*, droppedEventsCount=12 uint32, links=13 Link*, droppedLinksCount=14 uint32, status=15 Status,
    flags=16 fixed32`,
  Event: `timeUnixNano=1 fixed64, name=2 string, attributes=3 KeyValue*, droppedAttributesCount=4 uint32`,
  Link: `traceId=1 hex, spanId=2 hex, traceState=3 string, attributes=4 KeyValue*, droppedAttributesCount=5 uint32,
    flags=6 fixed32`,
  Status: 'message=2 string, code=3 StatusCode',

  ExportMetricsServiceRequest: 'resourceMetrics=1 ResourceMetrics*',
  ResourceMetrics: 'resource=1 Resource, scopeMetrics=2 ScopeMetrics*, schemaUrl=3 string',
  ScopeMetrics: 'scope=1 InstrumentationScope, metrics=2 Metric*, schemaUrl=3 string',
  Metric: `name=1 string, description=2 string, unit=3 string, gauge=5 Gauge, sum=7 Sum, histogram=9 Histogram,
    exponentialHistogram=10 ExponentialHistogram, summary=11 Summary, metadata=12 KeyValue*`,
  Gauge: 'dataPoints=1 NumberDataPoint*',
  Sum: 'dataPoints=1 NumberDataPoint*, aggregationTemporality=2 AggregationTemporality, isMonotonic=3 bool',
  Histogram: 'dataPoints=1 HistogramDataPoint*, aggregationTemporality=2 AggregationTemporality',
  ExponentialHistogram:
    'dataPoints=1 ExponentialHistogramDataPoint*, aggregationTemporality=2 AggregationTemporality',
  Summary: 'dataPoints=1 SummaryDataPoint*',
  NumberDataPoint: `startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64, asDouble=4 double, exemplars=5 Exemplar*,
    asInt=6 sfixed64, attributes=7 KeyValue*, flags=8 uint32`,
  HistogramDataPoint: `startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64, count=4 fixed64, sum=5 double,
    bucketCounts=6 fixed64*, explicitBounds=7 double*, exemplars=8 Exemplar*, attributes=9 KeyValue*, flags=10 uint32,
    min=11 double, max=12 double`,
  ExponentialHistogramDataPoint: `attributes=1 KeyValue*, startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64,
    count=4 fixed64, sum=5 double, scale=6 sint32, zeroCount=7 fixed64, positive=8 Buckets, negative=9 Buckets,
    flags=10 uint32, exemplars=11 Exemplar*, min=12 double, max=13 double, zeroThreshold=14 double`,
  Buckets: 'offset=1 sint32, bucketCounts=2 uint64*',
  SummaryDataPoint: `startTimeUnixNano=2 fixed64, timeUnixNano=3 fixed64, count=4 fixed64, sum=5 double,
    quantileValues=6 ValueAtQuantile*, attributes=7 KeyValue*, flags=8 uint32`,
  ValueAtQuantile: 'quantile=1 double, value=2 double',
  Exemplar: `timeUnixNano=2 fixed64, asDouble=3 double, spanId=4 hex, traceId=5 hex, asInt=6 sfixed64,
    filteredAttributes=7 KeyValue*`,

  ExportLogsServiceRequest: 'resourceLogs=1 ResourceLogs*',
  ResourceLogs: 'resource=1 Resource, scopeLogs=2 ScopeLogs*, schemaUrl=3 string',
  ScopeLogs: 'scope=1 InstrumentationScope, logRecords=2 LogRecord*, schemaUrl=3 string',
  LogRecord: `timeUnixNano=1 fixed64, severityNumber=2 SeverityNumber, severityText=3 string, body=5 AnyValue,
    attributes=6 KeyValue*, droppedAttributesCount=7 uint32, flags=8 fixed32, traceId=9 hex, spanId=10 hex,
    observedTimeUnixNano=11 fixed64, eventName=12 string`,

  Resource: 'attributes=1 KeyValue*, droppedAttributesCount=2 uint32, entityRefs=3 EntityRef*',
  EntityRef: 'schemaUrl=1 string, type=2 string, idKeys=3 string*, descriptionKeys=4 string*',
  InstrumentationScope:
    'name=1 string, version=2 string, attributes=3 KeyValue*, droppedAttributesCount=4 uint32',
  KeyValue: 'key=1 string, value=2 AnyValue',
  AnyValue: `stringValue=1 string, boolValue=2 bool, intValue=3 int64, doubleValue=4 double, arrayValue=5 ArrayValue,
    kvlistValue=6 KeyValueList, bytesValue=7 base64`,
  ArrayValue: 'values=1 AnyValue*',
  KeyValueList: 'values=1 KeyValue*',
} as const

/**
 * Messages that hold the items of a request, in one level or several: what is passed over there may hold items, and that is
 * told. In all others unknown fields are those of a later version.
 */
const HOLDERS: ReadonlySet<string> = new Set([
  ...['ExportTraceServiceRequest', 'ResourceSpans', 'ScopeSpans'],
  ...['ExportMetricsServiceRequest', 'ResourceMetrics', 'ScopeMetrics', 'Metric'],
  ...['Gauge', 'Sum', 'Histogram', 'ExponentialHistogram', 'Summary'],
  ...['ExportLogsServiceRequest', 'ResourceLogs', 'ScopeLogs'],
])

/** The specification wants integers; names are tolerated, as protobuf's own JSON writers send them. */
const ENUMS: Readonly<Record<string, { readonly prefix: string; readonly names: readonly string[] }>> = {
  SpanKind: {
    prefix: 'SPAN_KIND_',
    names: ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'],
  },
  StatusCode: { prefix: 'STATUS_CODE_', names: ['UNSET', 'OK', 'ERROR'] },
  AggregationTemporality: {
    prefix: 'AGGREGATION_TEMPORALITY_',
    names: ['UNSPECIFIED', 'DELTA', 'CUMULATIVE'],
  },
  SeverityNumber: {
    prefix: 'SEVERITY_NUMBER_',
    names: [
      'UNSPECIFIED',
      ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap(name => [
        name,
        `${name}2`,
        `${name}3`,
        `${name}4`,
      ]),
    ],
  },
}

const SCALARS = [
  'string',
  'hex',
  'base64',
  'bool',
  'double',
  'fixed32',
  'fixed64',
  'sfixed64',
  'int64',
  'uint64',
  'uint32',
  'sint32',
] as const
export type Scalar = (typeof SCALARS)[number]

/** Enum names and their numbers. */
export type EnumNames = ReadonlyMap<string, number>

type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'enum'; readonly names: EnumNames }
  | { readonly kind: 'message'; readonly message: MessageTable }

export interface JsonField {
  readonly name: string
  readonly number: number
  readonly repeated: boolean
  readonly type: FieldType
  /** A bit of its own among the fields of its message. */
  readonly bit: number
}

/** As protobuf declares it: `timeUnixNano` is `time_unix_nano`. */
const protobufName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, capital => `_${capital.toLowerCase()}`)

/** The fields of a message by their JSON names, and by those of protobuf, which its JSON readers take as well. */
export class MessageTable {
  /** Whether it holds items, or what holds them. */
  readonly holdsItems: boolean
  /** By the length of the name: few share one, so that a name is found by comparing bytes and makes no string. */
  readonly #byLength: { readonly name: Buffer; readonly field: JsonField }[][] = []
  #size = 0

  constructor(holdsItems: boolean) {
    this.holdsItems = holdsItems
  }

  add(declared: Omit<JsonField, 'bit'>): void {
    const field = { ...declared, bit: 1 << this.#size }
    for (const text of new Set([field.name, protobufName(field.name)])) {
      const name = Buffer.from(text)
      this.#byLength[name.length] ??= []
      this.#byLength[name.length]!.push({ name, field })
    }
    this.#size += 1
  }

  /** The field whose name stands there. */
  find(bytes: Uint8Array, from: number, to: number): JsonField | undefined {
    const candidates = this.#byLength[to - from]
    if (candidates === undefined) return undefined
    for (const { name, field } of candidates) if (isAt(name, bytes, from)) return field
    return undefined
  }
}

function isAt(name: Buffer, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < name.length; index += 1) if (name[index] !== bytes[from + index]) return false
  return true
}

function buildTables(): ReadonlyMap<string, MessageTable> {
  const tables = new Map(Object.keys(MESSAGES).map(name => [name, new MessageTable(HOLDERS.has(name))]))
  const enums = new Map<string, EnumNames>(
    Object.entries(ENUMS).map(([name, { prefix, names }]) => [
      name,
      new Map(names.map((value, number) => [prefix + value, number])),
    ]),
  )
  const typeOf = (name: string): FieldType => {
    const scalar = SCALARS.find(candidate => candidate === name)
    if (scalar !== undefined) return { kind: 'scalar', scalar }
    const names = enums.get(name)
    if (names !== undefined) return { kind: 'enum', names }
    const message = tables.get(name)
    if (message !== undefined) return { kind: 'message', message }
    throw new Error(`Unknown type ${name} in the table of OTLP messages.`)
  }
  for (const [name, text] of Object.entries(MESSAGES)) {
    for (const line of text.split(',')) {
      const match = /^\s*(\w+)=(\d+) (\w+)(\*?)\s*$/.exec(line)
      if (match === null) throw new Error(`Unreadable line in the table of OTLP messages: ${line}`)
      const [, jsonName, number, type, repeated] = match
      tables
        .get(name)!
        .add({ name: jsonName!, number: Number(number), repeated: repeated === '*', type: typeOf(type!) })
    }
  }
  return tables
}

const TABLES = buildTables()

/** The request of each signal, from which everything else is reached. */
export const REQUEST_TABLES = {
  traces: TABLES.get('ExportTraceServiceRequest')!,
  metrics: TABLES.get('ExportMetricsServiceRequest')!,
  logs: TABLES.get('ExportLogsServiceRequest')!,
} as const

/**
 * Every bound on what clients may cost, in one table: its key or its fixed value, and what each door answers beyond it.
 * docs/limits.md is rendered from it, and a test drives every row against every door.
 */
import type { ErrorCode } from '../errors/errors.ts'

/** Bounds without a key: no sender of telemetry comes near them. Times in milliseconds. */
export const FIXED_LIMITS = {
  /** URL and headers of a request together, bytes. */
  headerBytes: 16 * 1024,
  /** Connections of one listener. */
  connections: 10_000,
  /** From the opening of a connection, or the first byte of a request, to the end of its headers. */
  headersMs: 10_000,
  /** For a whole request, body included. */
  requestMs: 60_000,
  /** For a whole question to the query server, body included: statements and parameters are small. */
  questionMs: 20_000,
  /** That a connection may stay without a request; over gRPC longer, since its clients keep one for all they send. */
  keepAliveMs: 75_000,
  grpcIdleMs: 300_000,
  /** From the first byte of a call over gRPC to the last of its answer that is read. */
  callMs: 90_000,
  /** Calls at once, of one connection and of all. */
  callsOfConnection: 100,
  calls: 10_000,
  /** Fields in the headers of a call. */
  headerFields: 64,
  /** Calls that one connection may open and cancel: at once, and a second (CVE-2023-44487). */
  cancelledCalls: 200,
  cancelledCallsASecond: 33,
  /** PING and SETTINGS frames of one connection a second, besides those that go with calls. */
  controlFrames: 1_000,
  controlFramesOfCall: 10,
  /** Nesting of arrays and maps in a value. */
  valueDepth: 32,
  /** Messages within messages in OTLP/JSON. */
  jsonDepth: 300,
  /** Times its size that a body may take as a record, besides a free part, up to a total. */
  growth: 16,
  growthFreeBytes: 16 * 1024 * 1024,
  decodedBytes: 512 * 1024 * 1024,
  /** Of one item (span, log record, data point, series); servers of gRPC take no more in a whole request, unless they are told to. */
  itemBytes: 4 * 1024 * 1024,
  /** What a large request says once for many items: a resource, a scope, a metric without its points. */
  headBytes: 512 * 1024,
  /** What that takes, repeated in the rows of the part of a request that is decoded at once. */
  repeatedBytes: 256 * 1024 * 1024,
  /** Compressed pieces in one body. */
  frames: 256,
  /** Log2 of the bytes that a zstd frame may look back: 8 MiB, what RFC 8878 wants taken. */
  zstdWindowLog: 23,
  /** For the log to take a record. */
  appendMs: 10_000,
} as const

/** Statuses of gRPC that limits lead to, by name. */
export type GrpcAnswer =
  | 'OK'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'RESOURCE_EXHAUSTED'
  | 'UNAVAILABLE'

/**
 * A number: the status of HTTP. `reset`: the call ends without an answer, `closed`: the connection does; null: the door has
 * no such thing.
 */
export type LimitAnswer = number | GrpcAnswer | 'reset' | 'closed' | null

export const DOORS = { otlpHttp: 'OTLP/HTTP', otlpGrpc: 'OTLP/gRPC', remoteWrite: 'remote write' } as const
export type DoorName = keyof typeof DOORS

interface Limit {
  readonly what: string
  /** Key of the configuration, or the fixed bound in words. */
  readonly bound: { readonly key: string } | { readonly fixed: string }
  readonly beyond: string
  readonly code: ErrorCode | null
  readonly answers: Answers
}

type Answers = Readonly<Record<DoorName, LimitAnswer>>

const everywhere = (http: LimitAnswer, otlpGrpc: LimitAnswer): Answers => ({
  otlpHttp: http,
  otlpGrpc,
  remoteWrite: http,
})
const otlp = (otlpHttp: LimitAnswer, otlpGrpc: LimitAnswer, remoteWrite: LimitAnswer = null): Answers => ({
  otlpHttp,
  otlpGrpc,
  remoteWrite,
})
const grpc = (answer: LimitAnswer): Answers => otlp(null, answer)
const key = (name: string) => ({ key: name })
const fixed = (words: string) => ({ fixed: words })
const seconds = (ms: number) => fixed(`${ms / 1000} s`)
const F = FIXED_LIMITS

export const LIMITS = {
  bodyBytes: {
    what: 'Body, announced, received or inflated',
    bound: key('limits.body_bytes'),
    beyond: 'refused for good; reading and inflating end at the limit',
    code: 'body_too_large',
    answers: everywhere(413, 'RESOURCE_EXHAUSTED'),
  },
  inFlightBytes: {
    what: 'Bytes of requests until they are durable, of all clients',
    bound: key('limits.in_flight_bytes'),
    beyond: 'to be sent again, told before the body is read where its length is announced',
    code: 'overloaded',
    answers: everywhere(429, 'UNAVAILABLE'),
  },
  memoryBytes: {
    what: 'Resident memory of the process',
    bound: key('limits.memory_bytes'),
    beyond: 'above four fifths of it to be sent again; one request at a time goes on',
    code: 'overloaded',
    answers: everywhere(429, 'UNAVAILABLE'),
  },
  growth: {
    what: 'What a body may become as a record',
    bound: fixed(
      `${F.growth} times its size and ${F.growthFreeBytes >> 20} MiB, at most ${F.decodedBytes >> 20} MiB`,
    ),
    beyond: 'refused for good: a resource that repeats on very many items',
    code: 'body_too_large',
    answers: otlp(413, 'RESOURCE_EXHAUSTED'),
  },
  itemBytes: {
    what: 'An item: a span, a log record, a data point, a series of remote write',
    bound: fixed(`${F.itemBytes >> 20} MiB`),
    beyond: 'it is rejected (`item_too_large`, `series_too_large`), the others are stored',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  headBytes: {
    what: 'A resource, a scope, or a metric without its points, in a body beyond 4 MiB; there also a metric of several kinds or in pieces, twice that',
    bound: fixed(`${F.headBytes >> 10} KiB`),
    beyond: 'refused for good',
    code: 'body_too_large',
    answers: otlp(413, 'RESOURCE_EXHAUSTED'),
  },
  repeatedBytes: {
    what: 'What the rows of a mebibyte of a body repeat: their resource, scope, and the name, unit and description of their metric',
    bound: fixed(`${F.repeatedBytes >> 20} MiB`),
    beyond: 'refused for good: the engine has them once a row',
    code: 'body_too_large',
    answers: otlp(413, 'RESOURCE_EXHAUSTED'),
  },
  frames: {
    what: 'Pieces of a compressed body',
    bound: fixed(`${F.frames}`),
    beyond: 'refused for good',
    code: 'body_undecodable',
    answers: otlp(400, 'INVALID_ARGUMENT'),
  },
  zstdWindow: {
    what: 'Window of a zstd body',
    bound: fixed(`${2 ** (F.zstdWindowLog - 20)} MiB`),
    beyond: 'refused for good',
    code: 'body_undecodable',
    answers: otlp(400, 'INVALID_ARGUMENT'),
  },
  jsonDepth: {
    what: 'Messages within messages in OTLP/JSON; arrays and objects within each other in an unknown field',
    bound: fixed(`${F.jsonDepth}`),
    beyond: 'refused for good',
    code: 'body_undecodable',
    answers: otlp(400, null),
  },
  attributes: {
    what: 'Attributes of an item, a resource or a scope; labels of a series',
    bound: key('limits.attributes'),
    beyond: 'OTLP: cut, counted in the row and in a partial success; remote write: the series is refused',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  attributeBytes: {
    what: 'Bytes of a key or value of an attribute',
    bound: key('limits.attribute_bytes'),
    beyond: 'the same; cut at a character',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  valueDepth: {
    what: 'Arrays and maps within each other in a value',
    bound: fixed(`${F.valueDepth}`),
    beyond: 'null in its place, counted like a cut attribute',
    code: null,
    answers: otlp(200, 'OK'),
  },
  future: {
    what: 'Time of an item ahead of the clock',
    bound: key('limits.future_seconds'),
    beyond: 'the item is rejected (`time_in_future`), the others are stored',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  past: {
    what: 'Age of an item',
    bound: key('retention.signals_days'),
    beyond: 'the item is rejected (`time_in_past`), the others are stored',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  headerBytes: {
    what: 'URL and headers of a request',
    bound: fixed(`${F.headerBytes >> 10} KiB`),
    beyond: 'refused; over HTTP/1.1 the connection ends',
    code: null,
    answers: everywhere(431, 431),
  },
  connections: {
    what: 'Connections of one listener',
    bound: fixed(F.connections.toLocaleString('en')),
    beyond: 'the next one is closed at once; those that are open go on',
    code: null,
    answers: everywhere('closed', 'closed'),
  },
  headersTime: {
    what: 'Time to the end of a request’s headers, over gRPC to a connection’s first frame; also of one that says nothing',
    bound: seconds(F.headersMs),
    beyond: 'refused, the connection ends',
    code: null,
    answers: everywhere(408, 'closed'),
  },
  requestTime: {
    what: 'Time for a whole request, body included',
    bound: seconds(F.requestMs),
    beyond: 'refused, its bytes are given back; over HTTP/1.1 the connection ends',
    code: null,
    answers: everywhere(408, 'DEADLINE_EXCEEDED'),
  },
  idleTime: {
    what: 'Time that a connection may stay without a request; over gRPC also in the middle of headers',
    bound: fixed(`${F.keepAliveMs / 1000} s; gRPC: ${F.grpcIdleMs / 1000} s`),
    beyond: 'the connection ends',
    code: null,
    answers: everywhere('closed', 'closed'),
  },
  appendTime: {
    what: 'Time for the log to take a record',
    bound: seconds(F.appendMs),
    beyond: 'to be sent again; it may have been stored all the same',
    code: 'broker_unavailable',
    answers: everywhere(503, 'UNAVAILABLE'),
  },
  callTime: {
    what: 'Time for a call, its answer read by the client included',
    bound: seconds(F.callMs),
    beyond: 'its client reads no answers: the connection ends',
    code: null,
    answers: grpc('closed'),
  },
  calls: {
    what: 'Calls at once',
    bound: fixed(F.calls.toLocaleString('en')),
    beyond: 'to be sent again',
    code: 'overloaded',
    answers: grpc('UNAVAILABLE'),
  },
  callsOfConnection: {
    what: 'Calls at once on one connection',
    bound: fixed(`${F.callsOfConnection}`),
    beyond: 'clients are told the number, and wait; the connection of one that does not ends',
    code: null,
    answers: grpc('closed'),
  },
  headerFields: {
    what: 'Fields in the headers of a call',
    bound: fixed(`${F.headerFields}`),
    beyond: 'the call is reset (ENHANCE_YOUR_CALM)',
    code: null,
    answers: grpc('reset'),
  },
  cancelledCalls: {
    what: 'Calls that a connection opens and cancels',
    bound: fixed(`${F.cancelledCalls}, and ${F.cancelledCallsASecond} a second`),
    beyond: 'the connection ends',
    code: null,
    answers: grpc('closed'),
  },
  controlFrames: {
    what: 'PING and SETTINGS frames of a connection',
    bound: fixed(
      `${F.controlFrames.toLocaleString('en')} a second, and ${F.controlFramesOfCall} for each call`,
    ),
    beyond: 'the connection ends',
    code: null,
    answers: grpc('closed'),
  },
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof LIMITS

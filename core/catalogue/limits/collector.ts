import { everywhere, fixed, key, type Limit, otlp, seconds } from './declaration.ts'

/** Bounds of bodies and items without a key: no sender of telemetry comes near them. */
export const COLLECTOR_BOUNDS = {
  /** Nesting of arrays and maps in a value. */
  valueDepth: 32,
  /** Messages within messages in OTLP/JSON. */
  jsonDepth: 300,
  /** Times its size that a body may take as a record, besides a free part, up to a total. */
  growth: 16,
  growthFreeBytes: 16 * 1024 * 1024,
  decodedBytes: 512 * 1024 * 1024,
  /** Of one item (span, log record, data point, series); servers of gRPC take no more in a whole request by default. */
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

const F = COLLECTOR_BOUNDS

/** Bodies and the items in them. */
export const BODY_LIMITS = {
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
    beyond: 'to be sent again; refused before the body is read if its length is announced',
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
} as const satisfies Record<string, Limit>

/** The way into the log. */
export const APPEND_LIMITS = {
  appendTime: {
    what: 'Time for the log to take a record',
    bound: seconds(F.appendMs),
    beyond: 'to be sent again; it may have been stored all the same',
    code: 'broker_unavailable',
    answers: everywhere(503, 'UNAVAILABLE'),
  },
} as const satisfies Record<string, Limit>

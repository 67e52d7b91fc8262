import { everywhere, fixed, key, type Limit, otlp, seconds } from './declaration.ts'

/** Limits of bodies and items without a configuration key, because no sender of telemetry comes near them. */
export const COLLECTOR_BOUNDS = {
  /** Nesting of arrays and maps in a value. */
  valueDepth: 32,
  /** Messages within messages in OTLP/JSON. */
  jsonDepth: 300,
  /** Factor by which a body may grow as a record, plus a free amount, up to a total. */
  growth: 16,
  growthFreeBytes: 16 * 1024 * 1024,
  decodedBytes: 512 * 1024 * 1024,
  /**
   * Size of one item (span, log record, data point, series); by default, gRPC servers accept no more than this in a
   * whole request.
   */
  itemBytes: 4 * 1024 * 1024,
  /** Part of a large request that applies to many items: a resource, a scope, a metric without its points. */
  headBytes: 512 * 1024,
  /** Total size of these parts when repeated in the rows of the part of a request that is decoded at once. */
  repeatedBytes: 256 * 1024 * 1024,
  /** Compressed frames in one body. */
  frames: 256,
  /** Log2 of the window of a zstd frame in bytes: 8 MiB, the size that RFC 8878 recommends to support. */
  zstdWindowLog: 23,
  /** Time for the log to store a record, in milliseconds. */
  appendMs: 10_000,
} as const

const F = COLLECTOR_BOUNDS

/** Bodies and the items in them. */
export const BODY_LIMITS = {
  bodyBytes: {
    what: 'Size of a body: announced, received or decompressed',
    bound: key('limits.body_bytes'),
    beyond: 'refused; reading and decompression stop at the limit',
    code: 'body_too_large',
    answers: everywhere(413, 'RESOURCE_EXHAUSTED'),
  },
  inFlightBytes: {
    what: 'Bytes of all requests that are not on disk yet',
    bound: key('limits.in_flight_bytes'),
    beyond: 'send again later; with an announced length, answered before the body is read',
    code: 'overloaded',
    answers: everywhere(429, 'UNAVAILABLE'),
  },
  memoryBytes: {
    what: 'Resident memory of the process',
    bound: key('limits.memory_bytes'),
    beyond: 'above four fifths of it: send again later; one request at a time is still accepted',
    code: 'overloaded',
    answers: everywhere(429, 'UNAVAILABLE'),
  },
  growth: {
    what: 'Size of a body as a record',
    bound: fixed(
      `${F.growth} times its size and ${F.growthFreeBytes >> 20} MiB, at most ${F.decodedBytes >> 20} MiB`,
    ),
    beyond: 'refused; happens when a large resource applies to very many items',
    code: 'body_too_large',
    answers: otlp(413, 'RESOURCE_EXHAUSTED'),
  },
  itemBytes: {
    what: 'An item: a span, a log record, a data point, a series of remote write',
    bound: fixed(`${F.itemBytes >> 20} MiB`),
    beyond: 'the item is rejected (`item_too_large`, `series_too_large`), the others are stored',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  headBytes: {
    what: 'A resource, a scope, or a metric without its points, in a body of more than 4 MiB; a metric of several kinds or a split one: twice that',
    bound: fixed(`${F.headBytes >> 10} KiB`),
    beyond: 'refused',
    code: 'body_too_large',
    answers: otlp(413, 'RESOURCE_EXHAUSTED'),
  },
  repeatedBytes: {
    what: 'Resource, scope, metric name, unit and description, repeated in every row of one mebibyte of a body',
    bound: fixed(`${F.repeatedBytes >> 20} MiB`),
    beyond: 'refused: the engine stores them in every row',
    code: 'body_too_large',
    answers: otlp(413, 'RESOURCE_EXHAUSTED'),
  },
  frames: {
    what: 'Frames of a compressed body',
    bound: fixed(`${F.frames}`),
    beyond: 'refused',
    code: 'body_undecodable',
    answers: otlp(400, 'INVALID_ARGUMENT'),
  },
  zstdWindow: {
    what: 'Window of a zstd body',
    bound: fixed(`${2 ** (F.zstdWindowLog - 20)} MiB`),
    beyond: 'refused',
    code: 'body_undecodable',
    answers: otlp(400, 'INVALID_ARGUMENT'),
  },
  jsonDepth: {
    what: 'Nesting of messages in OTLP/JSON, and of arrays and objects in an unknown field',
    bound: fixed(`${F.jsonDepth}`),
    beyond: 'refused',
    code: 'body_undecodable',
    answers: otlp(400, null),
  },
  attributes: {
    what: 'Attributes of an item, a resource or a scope; labels of a series',
    bound: key('limits.attributes'),
    beyond:
      'OTLP: the rest is cut, and counted in the row and in a partial success; remote write: the series is rejected',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  attributeBytes: {
    what: 'Bytes of the key or the value of an attribute',
    bound: key('limits.attribute_bytes'),
    beyond: 'the same; cut at a character boundary',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  valueDepth: {
    what: 'Nesting of arrays and maps in a value',
    bound: fixed(`${F.valueDepth}`),
    beyond: 'replaced by null, and counted like a cut attribute',
    code: null,
    answers: otlp(200, 'OK'),
  },
  future: {
    what: 'Timestamp of an item ahead of the clock, in seconds',
    bound: key('limits.future_seconds'),
    beyond: 'the item is rejected (`time_in_future`), the others are stored',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
  past: {
    what: 'Age of an item, in days',
    bound: key('retention.signals_days'),
    beyond: 'the item is rejected (`time_in_past`), the others are stored',
    code: null,
    answers: otlp(200, 'OK', 400),
  },
} as const satisfies Record<string, Limit>

/** Appending to the log. */
export const APPEND_LIMITS = {
  appendTime: {
    what: 'Time for the log to store a record',
    bound: seconds(F.appendMs),
    beyond: 'send again; the record may have been stored anyway',
    code: 'broker_unavailable',
    answers: everywhere(503, 'UNAVAILABLE'),
  },
} as const satisfies Record<string, Limit>

import { everywhere, fixed, grpc, type Limit, seconds } from './declaration.ts'

/**
 * Limits of connections and requests without a configuration key, because no sender of telemetry comes near them. Times
 * in milliseconds.
 */
export const LISTENER_BOUNDS = {
  /** URL and headers of a request together, bytes. */
  headerBytes: 16 * 1024,
  /** Connections of one listener. */
  connections: 10_000,
  /** From the opening of a connection, or the first byte of a request, to the end of its headers. */
  headersMs: 10_000,
  /** Time for a whole request, body included. */
  requestMs: 60_000,
  /**
   * Time that a connection may stay open without a request; longer over gRPC, since its clients use one connection for
   * everything.
   */
  keepAliveMs: 75_000,
  grpcIdleMs: 300_000,
  /** From the first byte of a gRPC call until the client has read the last byte of its answer. */
  callMs: 90_000,
  /** Between two PING frames to a client with lasting streams. */
  heartbeatMs: 20_000,
  /** Concurrent calls, per connection and in total. */
  callsOfConnection: 100,
  calls: 10_000,
  /** Fields in the headers of a call. */
  headerFields: 64,
  /** Calls that one connection may open and cancel: burst, and rate per second (CVE-2023-44487). */
  cancelledCalls: 200,
  cancelledCallsASecond: 33,
  /** PING and SETTINGS frames of one connection per second, in addition to those that belong to calls. */
  controlFrames: 1_000,
  controlFramesOfCall: 10,
} as const

const F = LISTENER_BOUNDS

/** Connections and requests of any listener. */
export const LISTENER_LIMITS = {
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
    beyond: 'the next connection is closed at once; the open ones continue',
    code: null,
    answers: everywhere('closed', 'closed'),
  },
  headersTime: {
    what: 'Time to the end of a request’s headers, or over gRPC to the first frame of a connection; also for a connection that sends nothing',
    bound: seconds(F.headersMs),
    beyond: 'refused, the connection ends',
    code: null,
    answers: everywhere(408, 'closed'),
  },
  requestTime: {
    what: 'Time for a whole request, body included',
    bound: seconds(F.requestMs),
    beyond: 'refused, and its memory is freed; over HTTP/1.1 the connection ends',
    code: null,
    answers: everywhere(408, 'DEADLINE_EXCEEDED'),
  },
  idleTime: {
    what: 'Time that a connection may stay open without a request; over gRPC also in the middle of headers',
    bound: fixed(`${F.keepAliveMs / 1000} s; gRPC: ${F.grpcIdleMs / 1000} s`),
    beyond: 'the connection ends',
    code: null,
    answers: everywhere('closed', 'closed'),
  },
} as const satisfies Record<string, Limit>

/** gRPC calls. */
export const CALL_LIMITS = {
  callTime: {
    what: 'Time for a call, until the client has read the answer',
    bound: seconds(F.callMs),
    beyond: 'the connection ends, because the client does not read its answers',
    code: null,
    answers: grpc('closed'),
  },
  calls: {
    what: 'Concurrent calls',
    bound: fixed(F.calls.toLocaleString('en')),
    beyond: 'send again later',
    code: 'overloaded',
    answers: grpc('UNAVAILABLE'),
  },
  callsOfConnection: {
    what: 'Concurrent calls on one connection',
    bound: fixed(`${F.callsOfConnection}`),
    beyond: 'clients are told the number and wait; if a client does not wait, its connection ends',
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
    bound: fixed(`${F.cancelledCalls}, and ${F.cancelledCallsASecond} per second`),
    beyond: 'the connection ends',
    code: null,
    answers: grpc('closed'),
  },
  controlFrames: {
    what: 'PING and SETTINGS frames of a connection',
    bound: fixed(
      `${F.controlFrames.toLocaleString('en')} per second, and ${F.controlFramesOfCall} for each call`,
    ),
    beyond: 'the connection ends',
    code: null,
    answers: grpc('closed'),
  },
} as const satisfies Record<string, Limit>

import { type ErrorDeclaration, entry } from './declaration.ts'

/** Requests with telemetry. */
export const INTAKE_ERRORS = {
  body_too_large: entry('reject', 413, 'Send smaller batches, or raise `limits.body_bytes`.'),
  body_undecodable: entry(
    'reject',
    400,
    'Send OTLP as protobuf or JSON with the Content-Type that says which; remote write as protobuf in snappy.',
  ),
  series_invalid: entry(
    'reject',
    400,
    'What is valid is stored; do not send the request again. docs/prometheus.md says what is taken.',
  ),
  frame_invalid: entry(
    'reject',
    400,
    'Send gRPC messages with flag 0, or with flag 1 and the compression that the header grpc-encoding names.',
  ),
  deadline_exceeded: entry(
    'retry',
    408,
    'Send again: nothing is stored; smaller batches, or a longer deadline of the client, if it comes again.',
  ),
  media_type_unsupported: entry(
    'reject',
    415,
    'Use application/x-protobuf or application/json, encoding gzip, zstd or none; for remote write docs/prometheus.md.',
  ),
  method_not_allowed: entry('reject', 405, 'Send the data with POST.'),
  overloaded: entry(
    'retry',
    429,
    'Send again after the time in Retry-After; raise `limits.in_flight_bytes` or `limits.memory_bytes` if memory allows.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

/** The end of a collector. */
export const DRAINING_ERRORS = {
  draining: entry(
    'retry',
    503,
    'This instance is shutting down: send again, to another one if there is one.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

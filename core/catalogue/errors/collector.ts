import { type ErrorDeclaration, entry } from './declaration.ts'

/** Telemetry requests. */
export const INTAKE_ERRORS = {
  body_too_large: entry('reject', 413, 'Send smaller batches, or raise `limits.body_bytes`.'),
  body_undecodable: entry(
    'reject',
    400,
    'Send OTLP as protobuf or JSON with the matching Content-Type; send remote write as snappy-compressed protobuf.',
  ),
  series_invalid: entry(
    'reject',
    400,
    'The valid series are stored; do not send the request again. See docs/prometheus.md for what is accepted.',
  ),
  frame_invalid: entry(
    'reject',
    400,
    'Set the compressed flag of gRPC messages to 0, or to 1 with the compression named in the grpc-encoding header.',
  ),
  deadline_exceeded: entry(
    'retry',
    408,
    'Nothing was stored; send the request again. If the error persists, send smaller batches or raise the deadline of the client.',
  ),
  media_type_unsupported: entry(
    'reject',
    415,
    'Use Content-Type application/x-protobuf or application/json, uncompressed or with gzip or zstd. For remote write see docs/prometheus.md.',
  ),
  method_not_allowed: entry('reject', 405, 'Send data with POST, and read with GET.'),
  overloaded: entry(
    'retry',
    429,
    'Send again after the time in Retry-After. If the host has memory to spare, raise `limits.in_flight_bytes` or `limits.memory_bytes`.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

/** Shutdown of a collector. */
export const DRAINING_ERRORS = {
  draining: entry(
    'retry',
    503,
    'This instance is shutting down. Send the request again, to another instance if there is one.',
  ),
} as const satisfies Record<string, ErrorDeclaration>

import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { WattlineError } from '../../core/runtime/errors.ts'
import type { Encoding } from '../intake/signals.ts'

/** gRPC codes for the HTTP statuses that we answer; OTLP clients act on the HTTP status alone. */
const GRPC_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  403: 7, // PERMISSION_DENIED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  408: 4, // DEADLINE_EXCEEDED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3, // INVALID_ARGUMENT
  429: 8, // RESOURCE_EXHAUSTED
  503: 14, // UNAVAILABLE
}
const INTERNAL = 13

const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'

/**
 * The body of a failed request: `google.rpc.Status` in the request's encoding, with a `google.rpc.BadRequest` for data
 * that will never be accepted (protocols: OTLP 1.11, failures).
 */
export function encodeStatus(error: WattlineError, encoding: Encoding): Uint8Array {
  const code = GRPC_CODES[error.status] ?? INTERNAL
  const message = error.toString()
  const violation = error.status === 400 ? { field: 'body', description: error.message } : undefined
  return encoding === 'json' ? statusJson(code, message, violation) : statusProtobuf(code, message, violation)
}

interface FieldViolation {
  readonly field: string
  readonly description: string
}

function statusJson(code: number, message: string, violation: FieldViolation | undefined): Uint8Array {
  const details = violation === undefined ? [] : [{ '@type': BAD_REQUEST, fieldViolations: [violation] }]
  return Buffer.from(JSON.stringify({ code, message, details }))
}

/** Status{code=1, message=2, details*=3 Any{type_url=1, value=2}}; BadRequest{violations*=1 {field=1, description=2}} */
function statusProtobuf(code: number, message: string, violation: FieldViolation | undefined): Uint8Array {
  const writer = new ProtobufWriter()
  const text = (field: number, value: string): void => {
    writer.tag(field, WIRE.bytes)
    writer.string(value)
  }
  const nested = (field: number, write: () => void): void => {
    writer.tag(field, WIRE.bytes)
    const start = writer.begin()
    write()
    writer.end(start)
  }
  writer.tag(1, WIRE.varint)
  writer.uint(code)
  text(2, message)
  if (violation !== undefined) {
    nested(3, () => {
      text(1, BAD_REQUEST)
      nested(2, () =>
        nested(1, () => {
          text(1, violation.field)
          text(2, violation.description)
        }),
      )
    })
  }
  return writer.bytes()
}

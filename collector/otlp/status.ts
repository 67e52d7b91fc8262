import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { BAD_REQUEST, GRPC_CODES, INTERNAL, statusProtobuf } from '../../core/grpc/status.ts'
import type { Encoding } from './signals.ts'

/**
 * The body of a failed request over HTTP: `google.rpc.Status` in the request's encoding, with a `google.rpc.BadRequest`
 * for data that will never be accepted (protocols: OTLP 1.11, failures). Over HTTP, a header gives the retry delay.
 */
export function encodeStatus(error: WattlineError, encoding: Encoding): Uint8Array {
  const code = GRPC_CODES[error.status] ?? INTERNAL
  const message = error.toString()
  const violation = error.status === 400 ? error.message : undefined
  return encoding === 'json'
    ? statusJson(code, message, violation)
    : statusProtobuf(code, message, { violation })
}

function statusJson(code: number, message: string, violation: string | undefined): Uint8Array {
  const details =
    violation === undefined
      ? []
      : [{ '@type': BAD_REQUEST, fieldViolations: [{ field: 'body', description: violation }] }]
  return Buffer.from(JSON.stringify({ code, message, details }))
}

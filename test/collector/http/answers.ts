/** An independent reader of protobuf answers. */
import protobuf from 'protobufjs'

const { root } = protobuf.parse(`syntax = "proto3"; package t;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Violation { string field = 1; string description = 2; }
  message BadRequest { repeated Violation field_violations = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Partial { int64 rejected = 1; string error_message = 2; }
  message Response { Partial partial_success = 1; }
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse { int32 status = 1; }`)

export const read = (type: string, bytes: Uint8Array): Record<string, unknown> =>
  root.lookupType(`t.${type}`).toObject(root.lookupType(`t.${type}`).decode(bytes), { longs: Number })

export const write = (type: string, fields: Readonly<Record<string, unknown>>): Uint8Array =>
  root.lookupType(`t.${type}`).encode(fields).finish()

export interface StatusRead {
  readonly code: number
  readonly message: string
  /** Of `google.rpc.BadRequest`. */
  readonly violation: string | undefined
  /** Of `google.rpc.RetryInfo`. */
  readonly retrySeconds: number | undefined
}

export function readStatus(bytes: Uint8Array): StatusRead {
  const {
    code,
    message,
    details = [],
  } = read('Status', bytes) as {
    code: number
    message: string
    details?: { typeUrl: string; value: Uint8Array }[]
  }
  const detail = (type: string) => {
    const found = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${type}`)
    return found && read(type, found.value)
  }
  const bad = detail('BadRequest') as { fieldViolations: { description: string }[] } | undefined
  const retry = detail('RetryInfo') as { retryDelay: { seconds: number } } | undefined
  return {
    code,
    message,
    violation: bad?.fieldViolations[0]?.description,
    retrySeconds: retry?.retryDelay.seconds,
  }
}

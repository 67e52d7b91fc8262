import { ProtobufWriter, WIRE } from '../protobuf/writer.ts'

/** gRPC codes for our HTTP statuses; OTLP clients over HTTP use only the HTTP status. */
export const GRPC_CODES: Readonly<Record<number, number>> = {
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
/** gRPC code for everything that `GRPC_CODES` does not list. */
export const INTERNAL = 13

/** Type of the detail that says what is wrong with the request. */
export const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest'
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/** Details in addition to code and message. */
interface StatusDetails {
  /** For data that will never be accepted: what is wrong with the body. */
  readonly violation?: string | undefined
  readonly retryAfterSeconds?: number | undefined
}

/**
 * Status{code=1, message=2, details*=3 Any{type_url=1, value=2}}; BadRequest{violations*=1 {field=1, description=2}};
 * RetryInfo{retry_delay=1 Duration{seconds=1}}
 */
export function statusProtobuf(code: number, message: string, details: StatusDetails): Uint8Array {
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
  const detail = (type: string, writeField1: () => void): void =>
    nested(3, () => {
      text(1, type)
      nested(2, () => nested(1, writeField1))
    })
  writer.tag(1, WIRE.varint)
  writer.uint(code)
  text(2, message)
  const { violation, retryAfterSeconds } = details
  if (violation !== undefined) {
    detail(BAD_REQUEST, () => {
      text(1, 'body')
      text(2, violation)
    })
  }
  if (retryAfterSeconds !== undefined) {
    detail(RETRY_INFO, () => {
      writer.tag(1, WIRE.varint)
      writer.uint(retryAfterSeconds)
    })
  }
  return writer.bytes()
}

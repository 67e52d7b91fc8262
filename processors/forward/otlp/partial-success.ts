/** What a receiver says in a 200 about items that it did not take; pure. */
import { decodeUtf8 } from '../../../core/columns/utf8.ts'
import { RESPONSE } from '../../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../../core/protobuf/reader.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'

interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

const NOTHING: PartialSuccess = { rejected: 0, message: '' }
const MAX_MESSAGE = 300
const PARTIAL_SUCCESS = RESPONSE.partialSuccess * 8 + WIRE.bytes
const REJECTED = RESPONSE.rejected * 8 + WIRE.varint
const ERROR_MESSAGE = RESPONSE.errorMessage * 8 + WIRE.bytes

/** What cannot be read counts as nothing rejected: the status was a success. */
export function rejectedItems(body: Uint8Array): PartialSuccess {
  try {
    return read(new ProtobufReader(body, 'an answer to an OTLP request'), body.length)
  } catch {
    return NOTHING
  }
}

/** Of several fields with one number the last counts, as protobuf has it. @throws WattlineError `body_undecodable` */
function read(reader: ProtobufReader, end: number): PartialSuccess {
  let rejected = 0
  let message = ''
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag !== PARTIAL_SUCCESS) {
      reader.skip(tag, end, 0)
      continue
    }
    const stop = reader.length(end)
    rejected = 0
    message = ''
    for (let inner = reader.tag(stop); inner !== 0; inner = reader.tag(stop)) {
      if (inner === REJECTED) {
        reader.varint(stop)
        rejected = reader.unsigned()
      } else if (inner === ERROR_MESSAGE) {
        const textEnd = reader.length(stop)
        message = decodeUtf8(reader.bytes, reader.position, textEnd).slice(0, MAX_MESSAGE)
        reader.position = textEnd
      } else reader.skip(inner, stop, 0)
    }
  }
  return { rejected, message }
}

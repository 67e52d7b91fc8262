/** What a receiver says in a 200 about items that it did not take; pure. */
export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

const NOTHING: PartialSuccess = { rejected: 0, message: '' }
const MAX_MESSAGE = 300

/**
 * Export*ServiceResponse{partial_success=1 {rejected_*=1 int64, error_message=2}}, alike for all signals. What cannot be
 * read counts as nothing rejected: the status was a success.
 */
export function rejectedItems(body: Uint8Array): PartialSuccess {
  try {
    const partial = fieldsOf(body).get(1)
    if (!(partial instanceof Uint8Array)) return NOTHING
    const fields = fieldsOf(partial)
    const [rejected, message] = [fields.get(1), fields.get(2)]
    return {
      rejected: typeof rejected === 'number' ? rejected : 0,
      message: message instanceof Uint8Array ? Buffer.from(message).toString().slice(0, MAX_MESSAGE) : '',
    }
  } catch {
    return NOTHING
  }
}

/** Varints and length-delimited values of a message by field; of several the last. @throws RangeError */
function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at]
      if (byte === undefined) throw new RangeError('cut short')
      at += 1
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('too long')
  }
  while (at < bytes.length) {
    const tag = varint()
    const [field, wire] = [Math.floor(tag / 8), tag % 8]
    if (wire === 0) fields.set(field, varint())
    else if (wire === 2) {
      const length = varint()
      if (at + length > bytes.length) throw new RangeError('cut short')
      fields.set(field, bytes.subarray(at, at + length))
      at += length
    } else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else throw new RangeError('no such wire type')
  }
  return fields
}

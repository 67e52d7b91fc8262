/**
 * OTLP messages as templates: encoded once, with the positions of times, counters and ids. Sending a further sample
 * only copies bytes and writes a few numbers into them, so the generator is never the bottleneck.
 */

/** Bytes of protobuf fields, and the positions of the changing values, in the order in which they were written. */
export interface MessageTemplate {
  readonly bytes: Uint8Array
  readonly slots: readonly number[]
}

/** Concatenates templates and moves their slots accordingly. */
export function join(parts: readonly MessageTemplate[]): MessageTemplate {
  const slots: number[] = []
  let length = 0
  for (const part of parts) {
    for (const slot of part.slots) slots.push(length + slot)
    length += part.bytes.length
  }
  return { bytes: Buffer.concat(parts.map(part => part.bytes)), slots }
}

/** A nested message. */
export const message = (field: number, ...parts: readonly MessageTemplate[]): MessageTemplate =>
  delimited(field, join(parts))

/** A string field. */
export const stringField = (field: number, value: string): MessageTemplate =>
  delimited(field, { bytes: Buffer.from(value), slots: [] })

/** A varint field; not negative. */
export const integerField = (field: number, value: number): MessageTemplate => ({
  bytes: Uint8Array.from([...varint(field << 3), ...varint(value)]),
  slots: [],
})

/** Eight bytes that are overwritten for each request: fixed64, sfixed64 or double. */
export const slot64 = (field: number): MessageTemplate => ({
  bytes: Uint8Array.from([...varint((field << 3) | 1), 0, 0, 0, 0, 0, 0, 0, 0]),
  slots: [varint((field << 3) | 1).length],
})

/** A fixed64 field whose value never changes. */
export const fixed64 = (field: number, value: bigint): MessageTemplate => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return { bytes: Buffer.concat([varint((field << 3) | 1), bytes]), slots: [] }
}

/** `length` bytes that are overwritten for each request: an id, or the digits of a text. */
export const slotBytes = (field: number, length: number): MessageTemplate =>
  delimited(field, { bytes: new Uint8Array(length).fill(0x30), slots: [0] })

/** A KeyValue in `field`. */
export function keyValueField(field: number, key: string, value: string | number): MessageTemplate {
  const any = typeof value === 'string' ? stringField(1, value) : integerField(3, value)
  return message(field, stringField(1, key), message(2, any))
}

/** KeyValues in `field`, in the order of the object. */
export const attributes = (
  field: number,
  values: Readonly<Record<string, string | number>>,
): readonly MessageTemplate[] =>
  Object.entries(values).map(([key, value]) => keyValueField(field, key, value))

function delimited(field: number, part: MessageTemplate): MessageTemplate {
  const head = [...varint((field << 3) | 2), ...varint(part.bytes.length)]
  return {
    bytes: Buffer.concat([Uint8Array.from(head), part.bytes]),
    slots: part.slots.map(slot => slot + head.length),
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** A body that grows as it is written and is reused for the next one. */
export class RequestBody {
  #buffer = Buffer.allocUnsafe(64 * 1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Valid until the next `clear`. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  /** Appends the bytes; returns their position, for `double`, `int64Parts` and `set`. */
  append(bytes: Uint8Array): number {
    const at = this.#length
    const needed = at + bytes.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    this.#buffer.set(bytes, at)
    this.#length = needed
    return at
  }

  double(at: number, value: number): void {
    this.#buffer.writeDoubleLE(value, at)
  }

  /** 64 bits as two 32-bit halves, low half first. */
  int64Parts(at: number, low: number, high: number): void {
    this.#buffer.writeInt32LE(low | 0, at)
    this.#buffer.writeInt32LE(high | 0, at + 4)
  }

  int32(at: number, value: number): void {
    this.#buffer.writeInt32LE(value | 0, at)
  }

  byte(at: number, value: number): void {
    this.#buffer[at] = value
  }
}

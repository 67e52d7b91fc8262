/**
 * Growing and shrinking of the typed arrays behind columns. They double, and they are kept from record to record: page
 * faults of fresh buffers cost more than filling them. One huge request must not keep its memory for ever, though.
 */

/** A buffer that grew beyond this is given back when its record is finished. */
const RETAINED_BYTES = 16_777_216

/** The typed arrays that columns grow in. */
export type NumericArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** A copy with room for at least `needed` elements. */
export function grown<Values extends NumericArray>(values: Values, needed: number): Values {
  const larger = allocated(values, Math.max(needed, values.length * 2))
  larger.set(values)
  return larger
}

/** The same array to fill again, or a fresh one of `initial` elements when it grew too large to keep. */
export function retained<Values extends NumericArray>(values: Values, initial: number): Values {
  return values.byteLength > RETAINED_BYTES ? allocated(values, initial) : values
}

function allocated<Values extends NumericArray>(like: Values, length: number): Values {
  const Constructor = like.constructor as new (length: number) => Values
  return new Constructor(length)
}

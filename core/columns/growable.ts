/**
 * Growing and shrinking of the typed arrays behind columns. They double, and are kept between records, because page
 * faults of new buffers cost more than filling them. But one huge request must not keep its memory for ever.
 */

/** A buffer that grew beyond this is released when its record is finished. */
const RETAINED_BYTES = 16_777_216

/** The typed arrays behind columns. */
export type NumericArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array

/** A copy with space for at least `needed` elements. */
export function grown<Values extends NumericArray>(values: Values, needed: number): Values {
  const larger = allocated(values, Math.max(needed, values.length * 2))
  larger.set(values)
  return larger
}

/** The same array for reuse, or a new one of `initial` elements when it grew too large to keep. */
export function retained<Values extends NumericArray>(values: Values, initial: number): Values {
  return values.byteLength > RETAINED_BYTES ? allocated(values, initial) : values
}

function allocated<Values extends NumericArray>(like: Values, length: number): Values {
  const Constructor = like.constructor as new (length: number) => Values
  return new Constructor(length)
}

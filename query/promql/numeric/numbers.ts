/** Values as texts and back, and the bits of special values. */

/** Low and high half of the NaN that marks the end of a series. */
const STALE_LOW = 2
const STALE_HIGH = 0x7ff00000

/** The stale marker, to be written into a typed array. Arithmetic does not keep its bits. */
export function writeStale(values: Float64Array, index: number): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset + index * 8, 2)
  bits[0] = STALE_LOW
  bits[1] = STALE_HIGH
}

/** Whether the value at the index is the stale marker: `bits` views the values as halves. */
export const isStale = (bits: Uint32Array, index: number): boolean =>
  bits[index * 2] === STALE_LOW && bits[index * 2 + 1] === STALE_HIGH

/** The halves of the values of an array. */
export const bitsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length * 2)

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return Object.is(value, -0) ? '-0' : undefined
}

/** A value as the API writes it: the shortest text that reads back as the same number, exponents with two digits at least. */
export function formatValue(value: number): string {
  const text = special(value) ?? String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** A value without exponent, as label values have it. */
export function formatPlain(value: number): string {
  const known = special(value)
  if (known !== undefined) return known
  const text = String(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', first = '', rest = '', exponent = '0'] = match
  const digits = first + rest
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}

/** A number as `%g` of C's printf without precision: an exponent below 1e-4 and from 1e6. Used in messages. */
export function formatShort(value: number): string {
  const known = special(value)
  if (known !== undefined) return known
  const magnitude = Math.abs(value)
  if (value !== 0 && (magnitude < 1e-4 || magnitude >= 1e6)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e')
    const sign = exponent.startsWith('-') ? '-' : '+'
    return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
  }
  return String(value)
}

const DECIMAL = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?$/
const HEXADECIMAL = /^([+-]?)0[xX](_?[\da-fA-F][\da-fA-F_]*)$/

/** A number as queries write it, NaN for `nan`; undefined where it is not a number. */
export function parseNumber(text: string): number | undefined {
  const hexadecimal = HEXADECIMAL.exec(text)
  if (hexadecimal !== null) {
    const magnitude = Number(`0x${(hexadecimal[2] ?? '').replaceAll('_', '')}`)
    return hexadecimal[1] === '-' ? -magnitude : magnitude
  }
  if (DECIMAL.test(text)) return parseDecimal(text.replaceAll('_', ''))
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (word === null) return undefined
  if (word[2]?.toLowerCase() === 'nan') return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** Octal where the language has it so: an integer with a leading zero. */
function parseDecimal(text: string): number {
  if (/^[+-]?0[0-7]+$/.test(text)) {
    const magnitude = Number.parseInt(text.replace(/^[+-]/, ''), 8)
    return text.startsWith('-') ? -magnitude : magnitude
  }
  return Number(text)
}

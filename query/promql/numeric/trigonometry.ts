/** Angles as Go's library calculates them, down to the last bit (after Cephes). */

const SIN = [
  1.5896230157654656e-10, -2.5050747762857807e-8, 2.7557313621385722e-6, -0.0001984126982958954,
  0.008333333333322118, -0.1666666666666663,
] as const
const COS = [
  -1.1358536521387682e-11, 2.087570084197473e-9, -2.755731417929674e-7, 2.4801587288851704e-5,
  -0.0013888888888873056, 0.041666666666666595,
] as const

/** A quarter of pi in three parts, so that multiples of it are exact. */
const QUARTER = [0.7853981256484985, 3.774894707930798e-8, 2.6951514290790595e-15] as const

/** From here on the three parts are not enough. */
const LARGE = 2 ** 29

/** The octant of a positive angle, and the angle from the nearest even one. */
function reduce(angle: number): { octant: number; rest: number } {
  if (angle >= LARGE) return reduceLarge(angle)
  let octant = Math.trunc(angle * (4 / Math.PI))
  if (octant % 2 === 1) octant += 1
  const rest = angle - octant * QUARTER[0] - octant * QUARTER[1] - octant * QUARTER[2]
  return { octant: octant % 8, rest }
}

/** The digits of 4 / pi, 64 bits each; the first one is the integer. */
const DIGITS = [
  0x1n,
  0x45f306dc9c882a53n,
  0xf84eafa3ea69bb81n,
  0xb6c52b3278872083n,
  0xfca2c757bd778ac3n,
  0x6e48dc74849ba5c0n,
  0x0c925dd413a32439n,
  0xfc3bd63962534e7dn,
  0xd1046bea5d768909n,
  0xd338e04d68befc82n,
  0x7323ac7306a673e9n,
  0x3908bf177bf25076n,
  0x3ff12fffbc0b301fn,
  0xde5e2316b414da3en,
  0xda6cfd9e4f96136en,
  0x9e8c7ecd3cbfd45an,
  0xea4f758fd7cbe2f6n,
  0x7a0e73ef14a525d4n,
  0xd7f6bf623f1aba10n,
  0xac06608df8f6d757n,
] as const

const MASK = (1n << 64n) - 1n
const view = new DataView(new ArrayBuffer(8))

function reduceLarge(angle: number): { octant: number; rest: number } {
  view.setFloat64(0, angle)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn) - 1_023 - 52
  const mantissa = (bits & ((1n << 52n) - 1n)) | (1n << 52n)
  const [digit, shift] = [Math.floor((exponent + 61) / 64), BigInt((exponent + 61) % 64)]
  const part = (at: number): bigint =>
    (((DIGITS[digit + at] ?? 0n) << shift) | ((DIGITS[digit + at + 1] ?? 0n) >> (64n - shift))) & MASK
  const low = ((part(1) * mantissa) & MASK) + ((part(2) * mantissa) >> 64n)
  const high = (part(0) * mantissa + ((part(1) * mantissa) >> 64n) + (low >> 64n)) & MASK
  const octant = Number(high >> 61n)
  const fraction = ((high << 3n) | ((low & MASK) >> 61n)) & MASK
  const zeros = BigInt(64 - fraction.toString(2).length)
  const top = ((fraction << (zeros + 1n)) | ((low & MASK) >> (64n - (zeros + 1n)))) & MASK
  view.setBigUint64(0, (top >> 12n) | ((1_023n - (zeros + 1n)) << 52n))
  const rest = view.getFloat64(0)
  const isOdd = octant % 2 === 1
  return { octant: isOdd ? (octant + 1) % 8 : octant, rest: (isOdd ? rest - 1 : rest) * (Math.PI / 4) }
}

function sinOf(rest: number): number {
  const s = rest * rest
  return rest + rest * s * (((((SIN[0] * s + SIN[1]) * s + SIN[2]) * s + SIN[3]) * s + SIN[4]) * s + SIN[5])
}

function cosOf(rest: number): number {
  const s = rest * rest
  return (
    1 - 0.5 * s + s * s * (((((COS[0] * s + COS[1]) * s + COS[2]) * s + COS[3]) * s + COS[4]) * s + COS[5])
  )
}

export function sin(angle: number): number {
  if (angle === 0 || Number.isNaN(angle)) return angle
  if (!Number.isFinite(angle)) return Number.NaN
  const { octant, rest } = reduce(Math.abs(angle))
  const quarter = octant % 4
  const value = quarter === 1 || quarter === 2 ? cosOf(rest) : sinOf(rest)
  return angle < 0 !== octant > 3 ? -value : value
}

export function cos(angle: number): number {
  if (!Number.isFinite(angle)) return Number.NaN
  const { octant, rest } = reduce(Math.abs(angle))
  const quarter = octant % 4
  const value = quarter === 1 || quarter === 2 ? sinOf(rest) : cosOf(rest)
  return octant > 3 !== quarter > 1 ? -value : value
}

const TAN_P = [-13093.693918138379, 1153516.6483858742, -17956525.197648488] as const
const TAN_Q = [13681.296347069296, -1320892.3444021097, 25008380.18233579, -53869575.592945464] as const

export function tan(angle: number): number {
  if (angle === 0 || Number.isNaN(angle)) return angle
  if (!Number.isFinite(angle)) return Number.NaN
  const { octant, rest } = reduce(Math.abs(angle))
  const s = rest * rest
  let value = rest
  if (s > 1e-14) {
    const above = s * ((TAN_P[0] * s + TAN_P[1]) * s + TAN_P[2])
    value = rest + rest * (above / ((((s + TAN_Q[0]) * s + TAN_Q[1]) * s + TAN_Q[2]) * s + TAN_Q[3]))
  }
  if (octant % 4 >= 2) value = -1 / value
  return angle < 0 ? -value : value
}

const ATAN_P = [
  -0.8750608600031904, -16.157537187333652, -75.00855792314705, -122.88666844901361, -64.85021904942025,
] as const
const ATAN_Q = [
  24.858464901423062, 165.02700983169885, 432.88106049129027, 485.3903996359137, 194.5506571482614,
] as const

function nearAtan(x: number): number {
  const s = x * x
  const above = (((ATAN_P[0] * s + ATAN_P[1]) * s + ATAN_P[2]) * s + ATAN_P[3]) * s + ATAN_P[4]
  const below = ((((s + ATAN_Q[0]) * s + ATAN_Q[1]) * s + ATAN_Q[2]) * s + ATAN_Q[3]) * s + ATAN_Q[4]
  return x * ((s * above) / below) + x
}

/** What half of pi has beyond a float. */
const MORE = 6.123233995736766e-17
const TAN_THREE_EIGHTHS = 2.414213562373095

function positiveAtan(x: number): number {
  if (x <= 0.66) return nearAtan(x)
  if (x > TAN_THREE_EIGHTHS) return Math.PI / 2 - nearAtan(1 / x) + MORE
  return Math.PI / 4 + nearAtan((x - 1) / (x + 1)) + 0.5 * MORE
}

export function atan(x: number): number {
  if (x === 0) return x
  return x > 0 ? positiveAtan(x) : -positiveAtan(-x)
}

export function asin(x: number): number {
  if (x === 0) return x
  const size = Math.abs(x)
  if (!(size <= 1)) return Number.NaN
  const other = Math.sqrt(1 - size * size)
  const angle = size > 0.7 ? Math.PI / 2 - positiveAtan(other / size) : positiveAtan(size / other)
  return x < 0 ? -angle : angle
}

export const acos = (x: number): number => Math.PI / 2 - asin(x)

/** The angle of a point. The exact cases are the same everywhere. */
export function atan2(y: number, x: number): number {
  if (y === 0 || x === 0 || !Number.isFinite(y) || !Number.isFinite(x)) return Math.atan2(y, x)
  const angle = atan(y / x)
  if (x > 0) return angle
  return angle <= 0 ? angle + Math.PI : angle - Math.PI
}

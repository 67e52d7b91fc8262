import { type ScaleProblem, scale, type UnitFactor } from './mappings/scale.ts'

const TWO_32 = 4_294_967_296
/** Below this, no value is one of those that mean "none" (see scale.ts). */
const PLAIN = 2 ** 47
const PLAIN_HIGH = PLAIN / TWO_32
/** The error of a product of a fraction and a factor is far below this. */
const DOUBT = 1e-6

/**
 * The result of `scale` as two 32-bit parts: most values are small enough for doubles to be exact, and need no BigInt.
 * One instance is reused for many values.
 */
export class ScaledParts {
  low = 0
  high = 0

  /** Scales a double. Null: the parts contain the integer. */
  ofDouble(value: number, by: UnitFactor): ScaleProblem | null {
    const { times } = by
    if (value >= 0 && value < PLAIN && value * times < Number.MAX_SAFE_INTEGER && times !== 0) {
      const whole = Math.floor(value)
      const rest = (value - whole) * times
      const units = Math.floor(rest)
      const over = rest - units
      // This close to a half, only exact arithmetic can decide how to round.
      if (Math.abs(over - 0.5) > DOUBT) return this.#set(whole * times + units + (over > 0.5 ? 1 : 0))
    }
    return this.#exactly(value, by)
  }

  /** Scales a 64-bit integer, with the sign in `high`. */
  ofInteger(low: number, high: number, by: UnitFactor): ScaleProblem | null {
    const { times } = by
    if (high >= 0 && high < PLAIN_HIGH && times !== 0) {
      const product = (high * TWO_32 + (low >>> 0)) * times
      if (product <= Number.MAX_SAFE_INTEGER) return this.#set(product)
    }
    return this.#exactly((BigInt(high) << 32n) | BigInt(low >>> 0), by)
  }

  /** Takes an integer as it is. */
  set(integer: bigint): void {
    this.low = Number(integer & 0xffff_ffffn) | 0
    this.high = Number(integer >> 32n)
  }

  #set(integer: number): null {
    this.low = integer | 0
    this.high = (integer / TWO_32) | 0
    return null
  }

  #exactly(value: bigint | number, by: UnitFactor): ScaleProblem | null {
    const integer = scale(value, by)
    if (typeof integer === 'string') return integer
    this.set(integer)
    return null
  }
}

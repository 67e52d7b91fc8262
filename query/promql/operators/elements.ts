/** Operators on two samples, floats or histograms. */
import type { Environment } from '../functions/environment.ts'
import { boundsReconciled, incompatibleTypes, resetsCollide } from '../functions/messages.ts'
import { add, compact, subtract } from '../histogram/arithmetic.ts'
import { divide, type FloatHistogram, multiply, RESET_HINT, withHint } from '../histogram/float-histogram.ts'
import { isEqual } from '../histogram/reset.ts'
import { trim } from '../histogram/trim.ts'
import type { Range } from '../model/errors.ts'
import { arithmeticOf, comparisonOf } from './scalars.ts'

/** A float, or a histogram. */
export type Operand = number | FloatHistogram

/** The result, and whether a comparison is true; undefined where the types do not fit. */
export interface Outcome {
  readonly value: Operand
  readonly isTrue: boolean
}

const isFloat = (operand: Operand): operand is number => typeof operand === 'number'
const nameOf = (operand: Operand): string => (isFloat(operand) ? 'float' : 'histogram')

const given = (value: Operand): Outcome => ({ value, isTrue: true })

/** Applies one operator to pairs of samples. */
export class ElementOperator {
  readonly #env: Environment
  readonly #op: string
  readonly #range: Range

  constructor(env: Environment, op: string, range: Range) {
    this.#env = env
    this.#op = op
    this.#range = range
  }

  apply(left: Operand, right: Operand): Outcome | undefined {
    if (isFloat(left) && isFloat(right)) return this.#floats(left, right)
    const outcome = this.#mixed(left, right)
    if (outcome === 'incompatible') {
      incompatibleTypes(this.#env.notes, [nameOf(left), this.#op, nameOf(right)], this.#range)
      return undefined
    }
    return outcome
  }

  #floats(left: number, right: number): Outcome | undefined {
    const arithmetic = arithmeticOf(this.#op)
    if (arithmetic !== undefined) return given(arithmetic(left, right))
    const comparison = comparisonOf(this.#op)
    if (comparison !== undefined) return { value: left, isTrue: comparison(left, right) }
    incompatibleTypes(this.#env.notes, ['float', this.#op, 'float'], this.#range)
    return undefined
  }

  #mixed(left: Operand, right: Operand): Outcome | undefined | 'incompatible' {
    const op = this.#op
    if (isFloat(left)) {
      return op === '*' && !isFloat(right) ? given(compact(multiply(right, left))) : 'incompatible'
    }
    if (isFloat(right)) return this.#histogramAndFloat(left, right)
    if (op === '+' || op === '-') return this.#sum(left, right)
    if (op === '==') return { value: left, isTrue: isEqual(left, right) }
    if (op === '!=') return { value: left, isTrue: !isEqual(left, right) }
    return 'incompatible'
  }

  #histogramAndFloat(left: FloatHistogram, right: number): Outcome | 'incompatible' {
    switch (this.#op) {
      case '*':
        return given(compact(multiply(left, right)))
      case '/':
        return given(compact(divide(left, right)))
      case '</':
        return given(trim(left, right, true))
      case '>/':
        return given(trim(left, right, false))
      default:
        return 'incompatible'
    }
  }

  #sum(left: FloatHistogram, right: FloatHistogram): Outcome | undefined {
    const { notes } = this.#env
    const isSum = this.#op === '+'
    const operation = isSum ? 'addition' : 'subtraction'
    const result = isSum ? add(left, right) : subtract(left, right)
    if (result === undefined) {
      notes.warn(
        `left out histograms whose buckets do not fit: the operator ${this.#op} cannot combine exponential and custom buckets`,
        this.#range,
      )
      return undefined
    }
    if (result.resetsCollide) resetsCollide(notes, operation, this.#range)
    if (result.boundsReconciled) boundsReconciled(notes, operation, this.#range)
    const histogram = isSum ? result.histogram : withHint(result.histogram, RESET_HINT.gauge)
    return given(compact(histogram))
  }
}

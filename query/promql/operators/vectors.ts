/** Operators between two vectors, pair by pair. */
import type { Environment } from '../functions/environment.ts'
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import { executionError } from '../model/errors.ts'
import {
  dropMetadata,
  filterLabels,
  formatLabels,
  keyOf,
  type Labels,
  labelValue,
  withLabels,
} from '../model/labels.ts'
import { type Block, emptyBlock, FLOAT, HISTOGRAM, NO_SAMPLE, setHistogram } from '../series/block.ts'
import type { Binary, Matching } from '../syntax/ast.ts'
import { isArithmetic } from '../syntax/parse-operator.ts'
import { ElementOperator, type Operand } from './elements.ts'
import { arithmeticOf } from './scalars.ts'
import { matchLabels, type Signatures, signaturesOf } from './signatures.ts'
import { operandAt } from './vector-scalar.ts'

/** An operation: "many" is the side whose samples each look for one on the "one" side. */
export class VectorOperation {
  readonly #env: Environment
  readonly #node: Binary
  readonly #matching: Matching
  readonly #many: Block
  readonly #one: Block
  readonly #isSwapped: boolean
  readonly #manySignatures: Int32Array
  readonly #oneSignatures: Int32Array
  readonly #operator: ElementOperator
  /** Row of the "one" side by signature at the current step, -1 for none. */
  readonly #oneRow: Int32Array
  readonly #labels: Labels[] = []
  readonly #rows = new Map<string, number>()
  /** Result rows by pair of rows, so that labels are combined once. */
  readonly #pairs = new Map<number, number>()
  /** Samples of the result by row: what a cell holds, and floats. */
  readonly #kinds: Uint8Array[] = []
  readonly #values: Float64Array[] = []
  readonly #histograms: {
    readonly cell: readonly [row: number, step: number]
    readonly value: FloatHistogram
  }[] = []
  readonly #calculate: ((left: number, right: number) => number) | undefined
  /** Signatures that found a partner at the current step, and pairs of signature and result row. */
  readonly #matched: Uint8Array
  readonly #matchedRows = new Set<number>()

  constructor(env: Environment, node: Binary, matching: Matching, left: Block, right: Block) {
    this.#env = env
    this.#node = node
    this.#matching = matching
    this.#isSwapped = matching.card === 'one-to-many'
    this.#many = this.#isSwapped ? right : left
    this.#one = this.#isSwapped ? left : right
    const signatures: Signatures = signaturesOf(this.#many.labels, this.#one.labels, matching)
    this.#manySignatures = signatures.left
    this.#oneSignatures = signatures.right
    this.#oneRow = new Int32Array(signatures.count)
    this.#matched = new Uint8Array(signatures.count)
    this.#operator = new ElementOperator(env, node.op, node.range)
    this.#calculate = arithmeticOf(node.op)
  }

  run(): Block {
    for (let step = 0; step < this.#many.steps; step += 1) {
      this.#env.budget.checkNow()
      this.#step(step)
    }
    return this.#result()
  }

  #step(step: number): void {
    this.#matched.fill(0)
    this.#matchedRows.clear()
    this.#indexOne(step)
    const { fillLeft, fillRight } = this.#matching
    const [fillMany, fillOne] = this.#isSwapped ? [fillRight, fillLeft] : [fillLeft, fillRight]
    for (let row = 0; row < this.#many.labels.length; row += 1) {
      const operand = operandAt(this.#many, row * this.#many.steps + step)
      if (operand === undefined) continue
      const one = this.#oneRow[this.#manySignatures[row] ?? 0] ?? -1
      const other = one === -1 ? fillOne : operandAt(this.#one, one * this.#one.steps + step)
      if (other !== undefined) this.#combine(step, [row, operand], [one, other])
    }
    if (fillMany !== undefined) this.#fill(step, fillMany)
  }

  /** Pairs of the "one" side that found nothing, with a value in place of what is missing. */
  #fill(step: number, value: number): void {
    for (let row = 0; row < this.#one.labels.length; row += 1) {
      const operand = operandAt(this.#one, row * this.#one.steps + step)
      if (operand === undefined || this.#matched[this.#oneSignatures[row] ?? 0] === 1) continue
      this.#combine(step, [-1, value], [row, operand])
    }
  }

  #indexOne(step: number): void {
    this.#oneRow.fill(-1)
    const { kinds, steps, labels } = this.#one
    for (let row = 0; row < labels.length; row += 1) {
      if (kinds[row * steps + step] === NO_SAMPLE) continue
      const signature = this.#oneSignatures[row] ?? 0
      const known = this.#oneRow[signature] ?? -1
      if (known !== -1) throw this.#duplicate(known, row)
      this.#oneRow[signature] = row
    }
  }

  #duplicate(first: number, second: number): Error {
    const labels = [first, second].map(row => this.#one.labels[row] ?? [])
    const group = formatLabels(matchLabels(labels[0] ?? [], this.#matching))
    const side = this.#isSwapped ? 'left' : 'right'
    return executionError(
      `several series of the ${side} side of ${this.#node.op} match ${group}: ` +
        `${labels.map(formatLabels).toSorted().join(' and ')}. Match more labels, or aggregate that side`,
    )
  }

  #combine(
    step: number,
    [many, left]: readonly [number, Operand],
    [one, right]: readonly [number, Operand],
  ): void {
    const [a, b] = this.#isSwapped ? [right, left] : [left, right]
    if (this.#calculate !== undefined && typeof a === 'number' && typeof b === 'number') {
      this.#put(this.#pair(many, one), step, this.#calculate(a, b))
      return
    }
    const outcome = this.#operator.apply(a, b)
    if (outcome === undefined) return
    const { bool } = this.#node
    const row = this.#pair(many, one)
    if (!outcome.isTrue && !bool) return
    this.#put(row, step, bool ? Number(outcome.isTrue) : outcome.value)
  }

  /** The row of the result for two rows, which must be a pair only once. */
  #pair(many: number, one: number): number {
    const row = this.#rowOf(many, one)
    this.#checkUnique(many === -1 ? (this.#oneSignatures[one] ?? 0) : (this.#manySignatures[many] ?? 0), row)
    return row
  }

  #put(row: number, step: number, value: Operand): void {
    const kinds = this.#kinds[row]
    if (kinds === undefined) return
    if (kinds[step] !== NO_SAMPLE)
      throw executionError(`several results of ${this.#node.op} have the same labels`)
    if (typeof value === 'number') {
      kinds[step] = FLOAT
      const values = this.#values[row]
      if (values !== undefined) values[step] = value
    } else {
      kinds[step] = HISTOGRAM
      this.#histograms.push({ cell: [row, step], value })
    }
  }

  #checkUnique(signature: number, row: number): void {
    if (this.#matching.card === 'one-to-one') {
      if (this.#matched[signature] === 1) {
        throw executionError(
          `several series of the left side of ${this.#node.op} match one of the right side: add group_left or group_right`,
        )
      }
    } else {
      const key = row * this.#matched.length + signature
      if (this.#matchedRows.has(key)) {
        throw executionError(
          `several pairs of ${this.#node.op} have the same labels: add the labels that tell them apart to the group modifier`,
        )
      }
      this.#matchedRows.add(key)
    }
    this.#matched[signature] = 1
  }

  #rowOf(many: number, one: number): number {
    const pair = (many + 1) * (this.#one.labels.length + 1) + one + 1
    let row = this.#pairs.get(pair)
    if (row === undefined) {
      const manyLabels = this.#labelsOf(this.#many, many, this.#one.labels[one])
      const oneLabels = this.#labelsOf(this.#one, one, this.#many.labels[many])
      const labels = this.#resultLabels(manyLabels, oneLabels)
      const key = keyOf(labels)
      row = this.#rows.get(key)
      if (row === undefined) {
        row = this.#labels.push(labels) - 1
        this.#rows.set(key, row)
        this.#env.budget.hold(this.#many.steps)
        this.#kinds.push(new Uint8Array(this.#many.steps))
        this.#values.push(new Float64Array(this.#many.steps))
      }
      this.#pairs.set(pair, row)
    }
    return row
  }

  /** The labels of a row; of a value that was filled in, those that must agree with the other side. */
  #labelsOf(block: Block, row: number, other: Labels | undefined): Labels {
    return row === -1 ? matchLabels(other ?? [], this.#matching) : (block.labels[row] ?? [])
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { op, bool } = this.#node
    const { on, labels: names, card, include } = this.#matching
    const dropsNow = isArithmetic(op) || (bool && !this.#env.features.delayedNameRemoval)
    let labels = dropsNow ? dropMetadata(many) : many
    if (card === 'one-to-one') labels = filterLabels(labels, name => names.includes(name) === on)
    if (include.length === 0) return labels
    return withLabels(labels, Object.fromEntries(include.map(name => [name, labelValue(one, name)])))
  }

  #result(): Block {
    const { steps } = this.#many
    const dropsName = this.#env.features.delayedNameRemoval
      ? this.#labels.map(() => this.#node.bool)
      : undefined
    const result = emptyBlock(this.#labels, steps, dropsName)
    this.#env.budget.hold(result.kinds.length)
    for (let row = 0; row < this.#labels.length; row += 1) {
      result.kinds.set(this.#kinds[row] ?? [], row * steps)
      result.values.set(this.#values[row] ?? [], row * steps)
    }
    for (const { cell, value } of this.#histograms) setHistogram(result, cell[0] * steps + cell[1], value)
    return result
  }
}

/** Operators between a vector and a scalar. */
import { type Environment, namesDropped, newBlock } from '../functions/environment.ts'
import { type Block, FLOAT, HISTOGRAM, setFloat, setHistogram } from '../series/block.ts'
import type { Binary } from '../syntax/ast.ts'
import { isArithmetic, isComparison } from '../syntax/parse-operator.ts'
import { ElementOperator, type Operand } from './elements.ts'
import { arithmeticOf, comparisonOf } from './scalars.ts'

/** `isSwapped`: the scalar stands on the left. */
export function combineWithScalar(
  env: Environment,
  node: Binary,
  block: Block,
  scalars: Float64Array,
  isSwapped: boolean,
): Block {
  const { op, bool } = node
  const named = isArithmetic(op) || bool ? namesDropped(env, block.labels) : block
  const result = newBlock(env, named.labels, block.steps, named.dropsName)
  if (block.histograms === undefined && op !== '</' && op !== '>/') {
    combineFloats(env, node, block, scalars, isSwapped, result)
  } else combineElements(env, node, block, scalars, isSwapped, result)
  return result
}

function combineFloats(
  env: Environment,
  { op, bool }: Binary,
  { kinds, values, steps, labels }: Block,
  scalars: Float64Array,
  isSwapped: boolean,
  result: Block,
): void {
  const arithmetic = arithmeticOf(op)
  const comparison = comparisonOf(op)
  for (let row = 0, cell = 0; row < labels.length; row += 1) {
    env.budget.check()
    for (let step = 0; step < steps; step += 1, cell += 1) {
      if (kinds[cell] !== FLOAT) continue
      const value = values[cell] ?? 0
      const scalar = scalars[step] ?? Number.NaN
      const [left, right] = isSwapped ? [scalar, value] : [value, scalar]
      if (arithmetic !== undefined) {
        setFloat(result, cell, arithmetic(left, right))
        continue
      }
      const isTrue = comparison?.(left, right) === true
      if (bool) setFloat(result, cell, Number(isTrue))
      else if (isTrue) setFloat(result, cell, value)
    }
  }
}

function combineElements(
  env: Environment,
  { op, bool, range }: Binary,
  block: Block,
  scalars: Float64Array,
  isSwapped: boolean,
  result: Block,
): void {
  const operator = new ElementOperator(env, op, range)
  for (let cell = 0; cell < block.kinds.length; cell += 1) {
    const operand = operandAt(block, cell)
    if (operand === undefined) continue
    env.budget.check()
    const scalar = scalars[cell % block.steps] ?? Number.NaN
    const outcome = isSwapped ? operator.apply(scalar, operand) : operator.apply(operand, scalar)
    if (outcome === undefined) continue
    const { value, isTrue } = outcome
    if (bool) setFloat(result, cell, Number(isTrue))
    else if (isTrue) setOperand(result, cell, isComparison(op) ? operand : value)
  }
}

export function operandAt({ kinds, values, histograms }: Block, cell: number): Operand | undefined {
  if (kinds[cell] === FLOAT) return values[cell] ?? 0
  return kinds[cell] === HISTOGRAM ? histograms?.[cell] : undefined
}

export function setOperand(block: Block, cell: number, operand: Operand): void {
  if (typeof operand === 'number') setFloat(block, cell, operand)
  else setHistogram(block, cell, operand)
}

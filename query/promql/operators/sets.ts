/** `and`, `or` and `unless`: which series are there, not what values they have. */
import { type Environment, newBlock } from '../functions/environment.ts'
import { type Block, copyCell, NO_SAMPLE } from '../series/block.ts'
import type { Matching } from '../syntax/ast.ts'
import { signaturesOf } from './signatures.ts'

/** Marks the signatures that have a sample at a step. */
function mark(block: Block, signatures: Int32Array, step: number, present: Uint8Array): void {
  present.fill(0)
  for (let row = 0; row < block.labels.length; row += 1) {
    if (block.kinds[row * block.steps + step] !== NO_SAMPLE) present[signatures[row] ?? 0] = 1
  }
}

/** Copies the samples of a step whose signature is marked, or those whose is not. */
function copyWhere(
  block: Block,
  signatures: Int32Array,
  step: number,
  [present, wanted]: readonly [Uint8Array, 0 | 1],
  [result, firstRow]: readonly [Block, number],
): void {
  for (let row = 0; row < block.labels.length; row += 1) {
    const cell = row * block.steps + step
    if (block.kinds[cell] === NO_SAMPLE || present[signatures[row] ?? 0] !== wanted) continue
    copyCell(block, cell, result, (firstRow + row) * block.steps + step)
  }
}

export function combineSets(
  env: Environment,
  op: string,
  left: Block,
  right: Block,
  matching: Matching,
): Block {
  const { steps } = left
  const signatures = signaturesOf(left.labels, right.labels, matching)
  const present = new Uint8Array(signatures.count)
  const isOr = op === 'or'
  const result = isOr ? unionBlock(env, left, right) : newBlock(env, left.labels, steps, left.dropsName)
  for (let step = 0; step < steps; step += 1) {
    env.budget.check()
    if (isOr) {
      mark(left, signatures.left, step, present)
      for (let row = 0; row < left.labels.length; row += 1) {
        copyCell(left, row * steps + step, result, row * steps + step)
      }
      copyWhere(right, signatures.right, step, [present, 0], [result, left.labels.length])
    } else {
      mark(right, signatures.right, step, present)
      copyWhere(left, signatures.left, step, [present, op === 'and' ? 1 : 0], [result, 0])
    }
  }
  return result
}

/** Rows of both sides; those with the same labels are brought together later. */
function unionBlock(env: Environment, left: Block, right: Block): Block {
  const labels = [...left.labels, ...right.labels]
  const drops = (block: Block): readonly boolean[] => block.dropsName ?? block.labels.map(() => false)
  const isNamed = left.dropsName === undefined && right.dropsName === undefined
  return newBlock(env, labels, left.steps, isNamed ? undefined : [...drops(left), ...drops(right)])
}

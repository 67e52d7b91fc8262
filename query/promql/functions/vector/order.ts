/** `sort` and its kin: the order of the rows of an answer for one time. */
import { compareLabels, labelValue } from '../../model/labels.ts'
import { type Block, copyCell, emptyBlock, FLOAT } from '../../series/block.ts'

/** The rows of a block of one step in another order; the ones that are not listed are left out. */
export function pickRows(block: Block, rows: readonly number[]): Block {
  const labels = rows.map(row => block.labels[row] ?? [])
  const dropsName = block.dropsName && rows.map(row => block.dropsName?.[row] === true)
  const result = emptyBlock(labels, block.steps, dropsName)
  for (const [target, row] of rows.entries()) {
    for (let step = 0; step < block.steps; step += 1) {
      copyCell(block, row * block.steps + step, result, target * block.steps + step)
    }
  }
  return result
}

const rowsOf = (block: Block): readonly number[] => block.labels.map((_, row) => row)

/** By value, NaN last. Histograms have no order: they are left out. */
export function sortByValue(block: Block, direction: 1 | -1): Block {
  const { kinds, values } = block
  const rows = rowsOf(block).filter(row => kinds[row] === FLOAT)
  const order = (a: number, b: number): number => {
    const [left, right] = [values[a] ?? 0, values[b] ?? 0]
    const [noLeft, noRight] = [Number.isNaN(left), Number.isNaN(right)]
    if (noLeft || noRight) return Number(noLeft) - Number(noRight)
    return direction * (left < right ? -1 : left > right ? 1 : 0)
  }
  return pickRows(block, rows.toSorted(order))
}

/** Texts with numbers in them, numbers by their size: `host2` before `host10`. */
function compareNatural(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []]
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [one, other] = [left[index] ?? '', right[index] ?? '']
    if (one === other) continue
    const areNumbers = /^\d/.test(one) && /^\d/.test(other)
    const difference = areNumbers ? Number(one) - Number(other) : 0
    if (difference !== 0) return difference
    return one < other ? -1 : 1
  }
  return left.length - right.length
}

/** By the values of labels, then by all labels. */
export function sortByLabels(block: Block, names: readonly string[], direction: 1 | -1): Block {
  const rows = rowsOf(block).filter(row => block.kinds[row] !== 0)
  const order = (a: number, b: number): number => {
    const [left, right] = [block.labels[a] ?? [], block.labels[b] ?? []]
    for (const name of names) {
      const [one, other] = [labelValue(left, name), labelValue(right, name)]
      if (one !== other) return direction * compareNatural(one, other)
    }
    return direction * compareLabels(left, right)
  }
  return pickRows(block, rows.toSorted(order))
}

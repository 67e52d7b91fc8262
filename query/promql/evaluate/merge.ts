/** Rows with the same labels brought together. */
import type { Environment } from '../functions/environment.ts'
import { executionError } from '../model/errors.ts'
import { dropMetadata, formatLabels, keyOf, type Labels } from '../model/labels.ts'
import { type Block, copyCell, emptyBlock, NO_SAMPLE, relabel } from '../series/block.ts'

interface Merging {
  readonly labels: readonly Labels[]
  /** By row: the row of the result. */
  readonly target: Int32Array
}

const MERGING = {}

function mergingOf(labels: readonly Labels[]): Merging {
  const rows = new Map<string, number>()
  const merged: Labels[] = []
  const target = Int32Array.from(labels, each => {
    const key = keyOf(each)
    let row = rows.get(key)
    if (row === undefined) {
      row = merged.push(each) - 1
      rows.set(key, row)
    }
    return row
  })
  return { labels: merged, target }
}

/** A block in which no two rows have the same labels. Two samples for one label set at one time are an error. */
export function mergeRows(env: Environment, block: Block): Block {
  const { labels, steps } = block
  const merging = env.memo.of(MERGING, labels, () => mergingOf(labels))
  if (merging.labels.length === labels.length) return block
  const drops = merging.labels.map(() => false)
  for (const [row, dropsName] of block.dropsName?.entries() ?? []) {
    if (dropsName) drops[merging.target[row] ?? 0] = true
  }
  const result = emptyBlock(merging.labels, steps, block.dropsName && drops)
  for (let row = 0; row < labels.length; row += 1) {
    const target = (merging.target[row] ?? 0) * steps
    for (let step = 0; step < steps; step += 1) {
      const cell = row * steps + step
      if (block.kinds[cell] === NO_SAMPLE) continue
      if (result.kinds[target + step] !== NO_SAMPLE) {
        throw executionError(
          `the result has several series with the same labels: ${formatLabels(labels[row] ?? [])}`,
        )
      }
      copyCell(block, cell, result, target + step)
    }
  }
  return result
}

/** Drops the names that were to be dropped at the end. */
export function dropNames(env: Environment, block: Block): Block {
  const { dropsName, labels } = block
  if (dropsName === undefined) return block
  const named = labels.map((each, row) => (dropsName[row] === true ? dropMetadata(each) : each))
  return mergeRows(env, relabel(block, named, undefined))
}

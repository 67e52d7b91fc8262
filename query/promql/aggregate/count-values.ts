/** `count_values`: how many series have each value, the value as a label. */
import type { Environment } from '../functions/environment.ts'
import { formatHistogram } from '../histogram/format.ts'
import { executionError } from '../model/errors.ts'
import { keyOf, type Labels, withLabels } from '../model/labels.ts'
import { formatPlain } from '../numeric/numbers.ts'
import { type Block, emptyBlock, FLOAT, HISTOGRAM, NO_SAMPLE } from '../series/block.ts'
import { groupLabels, type LabelGrouping } from './groups.ts'

function textOf(block: Block, cell: number): string {
  const histogram = block.kinds[cell] === HISTOGRAM ? block.histograms?.[cell] : undefined
  return histogram === undefined ? formatPlain(block.values[cell] ?? 0) : formatHistogram(histogram)
}

export function countValues(env: Environment, block: Block, label: string, grouping: LabelGrouping): Block {
  if (label === '') throw executionError('count_values needs the name of a label, got ""')
  const names = grouping.without ? grouping.names : [...grouping.names, label]
  const counts = new Map<string, { readonly labels: Labels; readonly counts: Float64Array }>()
  for (let row = 0; row < block.labels.length; row += 1) {
    env.budget.check()
    for (let step = 0; step < block.steps; step += 1) {
      const cell = row * block.steps + step
      if (block.kinds[cell] === NO_SAMPLE) continue
      const valued = withLabels(block.labels[row] ?? [], { [label]: textOf(block, cell) })
      const labels = groupLabels(valued, { ...grouping, names })
      const key = keyOf(labels)
      let group = counts.get(key)
      if (group === undefined) {
        group = { labels, counts: new Float64Array(block.steps) }
        env.budget.hold(block.steps)
        counts.set(key, group)
      }
      group.counts[step] = (group.counts[step] ?? 0) + 1
    }
  }
  return blockOf([...counts.values()], block)
}

function blockOf(
  groups: readonly { readonly labels: Labels; readonly counts: Float64Array }[],
  { steps, dropsName }: Block,
): Block {
  const labels = groups.map(group => group.labels)
  const result = emptyBlock(labels, steps, dropsName && labels.map(() => false))
  for (const [row, { counts }] of groups.entries()) {
    for (const [step, count] of counts.entries()) {
      if (count === 0) continue
      result.kinds[row * steps + step] = FLOAT
      result.values[row * steps + step] = count
    }
  }
  return result
}

/** Aggregations: many series to one. */
import type { Environment } from '../functions/environment.ts'
import { ignoredInAggregation } from '../functions/messages.ts'
import { executionError } from '../model/errors.ts'
import { type Block, emptyBlock, HISTOGRAM } from '../series/block.ts'
import type { Aggregation } from '../syntax/ast.ts'
import { chooseRows, limitRatio } from './choose.ts'
import { groupCount, groupOne } from './count.ts'
import { countValues } from './count-values.ts'
import type { AggregationCall } from './each-float.ts'
import { groupExtreme, groupVariance } from './extremes.ts'
import { type Groups, groupsOf } from './groups.ts'
import { groupQuantile } from './quantile.ts'
import { groupAverage, groupSum } from './sum.ts'

const CALCULATIONS: Readonly<Record<string, (call: AggregationCall, result: Block) => void>> = {
  sum: groupSum,
  avg: groupAverage,
  count: groupCount,
  group: groupOne,
  min: groupExtreme,
  max: groupExtreme,
  stddev: groupVariance,
  stdvar: groupVariance,
}

const IGNORE_HISTOGRAMS = ['min', 'max', 'stddev', 'stdvar', 'quantile']

/** `parameter` has the value at each step, `text` the label of count_values. */
export function aggregate(
  env: Environment,
  node: Aggregation,
  block: Block,
  parameter: { readonly values?: Float64Array; readonly text?: string },
): Block {
  const { op } = node
  const grouping = { names: node.grouping, without: node.without }
  if (op === 'count_values') return countValues(env, block, parameter.text ?? '', grouping)
  const groups = env.memo.of(node, block.labels, () => groupsOf(block.labels, grouping))
  const call = { env, op, block, groups, argument: node.expr.range }
  const values = parameter.values ?? new Float64Array(block.steps)
  const where = node.parameter?.range ?? node.range
  if (op === 'topk' || op === 'bottomk' || op === 'limitk') return chooseRows(call, values, node.range)
  if (op === 'limit_ratio') return limitRatio(call, values, where)
  const dropsName = groupDrops(block, groups)
  const result = emptyBlock(groups.labels, block.steps, dropsName)
  env.budget.hold(result.kinds.length)
  if (IGNORE_HISTOGRAMS.includes(op) && block.kinds.includes(HISTOGRAM)) {
    ignoredInAggregation(env.notes, op, call.argument)
  }
  if (op === 'quantile') groupQuantile(call, result, values, where)
  else {
    const calculate = CALCULATIONS[op]
    if (calculate === undefined) throw executionError(`there is no aggregation ${op}`)
    calculate(call, result)
  }
  return result
}

/** A group loses its name where one of its rows does. */
function groupDrops(block: Block, groups: Groups): readonly boolean[] | undefined {
  if (block.dropsName === undefined) return undefined
  const drops = groups.labels.map(() => false)
  for (const [row, rowDrops] of block.dropsName.entries())
    if (rowDrops) drops[groups.groupOf[row] ?? 0] = true
  return drops
}

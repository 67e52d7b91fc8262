/** `wattline simulate --plan`: the sizing of a fleet as text or JSON. */
import { MOST_PARTITIONS } from '../../core/catalogue/config/keys/storage.ts'
import { readAssumptions, readUnitCosts } from './costs.ts'
import { limitsOf } from './limits.ts'
import { plan } from './plan.ts'
import { renderPlan } from './render.ts'
import { parseDemand } from './spec.ts'

/** @throws WattlineError `parameter_invalid` */
export function planText(sizes: string, format: string): string {
  const demand = parseDemand(sizes)
  const [costs, assumed] = [readUnitCosts(), readAssumptions()]
  const lines = plan(demand, costs, assumed)
  const limits = limitsOf(demand, lines, costs, assumed, { mostPartitions: MOST_PARTITIONS })
  if (format !== 'json') return renderPlan(demand, lines, limits, costs, assumed)
  return `${JSON.stringify({ demand, lines: Object.fromEntries(lines), limits }, null, 2)}\n`
}

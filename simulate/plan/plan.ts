/**
 * Sizing on paper: from hosts, workloads and spans to cores, partitions, disks and money, using the unit costs. Pure
 * arithmetic; each line shows the formula with its numbers, so that a reader can repeat it.
 */
import type { Assumptions, UnitCosts } from './costs.ts'
import { machines } from './machines.ts'
import { type Demand, type PlanSheet, Sheet } from './sheet.ts'
import { addBytes } from './storage.ts'
import { cores, load, records } from './work.ts'

/** All lines of a plan, by key. */
export function plan(demand: Demand, costs: UnitCosts, assumed: Assumptions): PlanSheet {
  const sheet = new Sheet()
  const rates = load(sheet, demand)
  const streams = records(sheet, demand, rates, costs, assumed)
  const cpu = cores(sheet, rates, streams, costs, assumed)
  const disks = addBytes(sheet, demand, rates, costs)
  machines(sheet, { demand, rates, streams, cpu, disks, costs, assumed })
  return sheet.lines
}

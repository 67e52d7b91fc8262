/** `GET /v2/summary`: quantity and cost by groups. */
import { addKnown } from '../../../core/model/integers.ts'
import type { FencedReader } from '../../fence/fenced-reader.ts'
import type { Summed } from '../../usage/answer.ts'
import { moneyNumber, quantityNumber, RATED_TYPES, ratedAmount } from './rated.ts'
import { DIMENSION_OF, type RatedQuestion, type SummaryGrouping } from './request.ts'
import { isoOffset } from './times.ts'
import { readRatedUsage } from './usage.ts'

/** A row of a summary. */
export interface SummaryRow {
  readonly from: number
  readonly to: number
  /** By column. */
  readonly group: Readonly<Record<string, string>>
  readonly quantity: bigint
  readonly nano: bigint | null
}

/** All rows of a summary, in order of time and groups, and the energy whose cost is not known, µJ. */
export interface Summary {
  readonly rows: readonly SummaryRow[]
  readonly unpricedUj: bigint
}

/** @throws CloudKittyError */
export async function ratedSummary(
  reader: FencedReader,
  question: RatedQuestion,
  { columns, time }: SummaryGrouping,
): Promise<Summary> {
  const dimensions = columns.flatMap(name => (name === 'type' ? [] : [DIMENSION_OF[name]!]))
  const found = await readRatedUsage(reader, question, dimensions, time?.step ?? null)
  const types = RATED_TYPES.filter(({ name }) => question.types.length === 0 || question.types.includes(name))
  const rows = new Map<string, SummaryRow>()
  for (const summed of found) {
    for (const type of types) {
      const amount = ratedAmount(type, summed.amounts)
      if (amount === undefined) continue
      const group = groupOf(summed, type.name, { columns, time })
      const span =
        time === null || time.column !== undefined ? question : periodOf(question, summed.start ?? 0)
      const key = JSON.stringify([span.from, ...Object.values(group)])
      const known = rows.get(key)
      rows.set(key, {
        from: span.from,
        to: span.to,
        group,
        quantity: (known?.quantity ?? 0n) + amount.quantity,
        nano: known === undefined ? amount.nano : addKnown(known.nano, amount.nano),
      })
    }
  }
  const isEnergy = types.some(({ name }) => name === 'energy')
  const unpriced = found.map(({ amounts }) => amounts.unpriced_cost_uj ?? 0n)
  return {
    rows: [...rows].toSorted(([a], [b]) => compareKeys(a, b)).map(([, row]) => row),
    unpricedUj: isEnergy ? unpriced.reduce((sum, uj) => sum + uj, 0n) : 0n,
  }
}

function groupOf(summed: Summed, type: string, { columns, time }: SummaryGrouping): Record<string, string> {
  const group: Record<string, string> = {}
  for (const name of columns) group[name] = name === 'type' ? type : summed.group[DIMENSION_OF[name]!]!
  if (time?.column !== undefined) group[time.column] = time.labelOf(summed.start ?? 0)
  return group
}

const HOUR_S = 3_600

/** The hour, as far as it lies within the window. */
const periodOf = ({ from, to }: RatedQuestion, start: number) => ({
  from: Math.max(from, start),
  to: Math.min(to, start + HOUR_S),
})

function compareKeys(a: string, b: string): number {
  const [one, other] = [a, b].map(text => JSON.parse(text) as readonly [number, ...string[]])
  if (one![0] !== other![0]) return one![0] - other![0]
  return a < b ? -1 : 1
}

/** A row as CloudKitty shows it, its columns in order. */
export const summaryShape = ({ from, to, quantity, nano, group }: SummaryRow): Record<string, unknown> => ({
  begin: isoOffset(from),
  end: isoOffset(to),
  qty: quantityNumber(quantity),
  rate: moneyNumber(nano),
  ...group,
})

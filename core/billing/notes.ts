/** What a reader should know of the numbers on a bill, in words. */
import { decimalText, divideHalfEven } from '../model/decimal.ts'
import type { BillLine } from './bill.ts'
import { addCarried, NOTHING } from './usage.ts'

const UJ_PER_KWH = 3_600_000_000_000n
const kwh = (uj: bigint): string =>
  decimalText({ mantissa: divideHalfEven(uj * 1_000_000n, UJ_PER_KWH), scale: 6 })

/** How a bill's lines were rounded. */
export const ROUNDING =
  'Charges and corrections are rounded together: their sum half to even to the minor unit of the currency, and the lines by largest remainder, so that they sum to it. Each tax is rounded by itself.'

/** Quality, coverage, and what is not charged because it has no price. */
export function billNotes(lines: readonly BillLine[]): readonly string[] {
  const usage = lines.filter(({ category }) => category === 'Usage')
  const sum = usage.reduce((total, line) => addCarried(total, line.carried), NOTHING)
  const own = usage.filter(({ isCorrection }) => !isCorrection)
  const entries = own.reduce((total, { carried }) => total + carried.Entries, 0n)
  const covered = own.reduce((total, { coverage }) => total + coverage, 0)
  const share = entries === 0n ? 1 : covered / Number(entries)
  const not = (uj: bigint, what: string): readonly string[] => (uj === 0n ? [] : [`${kwh(uj)} kWh ${what}`])
  return [
    ...not(sum.UnpricedCostUj, 'have no price and are not charged.'),
    ...not(sum.UnpricedCarbonUj, 'have no carbon factor: their emissions are unknown.'),
    ...not(sum.InterpolatedUj, 'are interpolated between distant readings.'),
    ...not(sum.EstimatedUj, 'are estimated by a model, not measured.'),
    ...not(sum.SimulatedUj, 'are simulated, not measured.'),
    ...(share < 0.9995
      ? [`Meters saw ${(share * 100).toFixed(1)} % of the time; nothing is charged for the rest.`]
      : []),
  ]
}

/** A correction that cannot be computed. */
export const goneNote = (period: string, entries: bigint): string =>
  `Corrections of ${period} are not computed: ${entries} entries that were billed are no longer in the ledger.`

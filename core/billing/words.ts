/** How lines describe themselves. */
import { decimalText, divideHalfEven } from '../model/decimal.ts'
import type { Charge } from './usage.ts'

const DIGITS = 20

/** A quotient as decimal text, of up to 20 decimals. */
export const unitPriceText = (numerator: bigint, denominator: bigint): string =>
  decimalText({ mantissa: divideHalfEven(numerator * 10n ** BigInt(DIGITS), denominator), scale: DIGITS })

const WHAT: Readonly<Record<string, string>> = {
  'energy-active': 'Energy of workloads',
  'energy-idle': 'Idle energy',
  'energy-unattributed': 'Energy that no workload is known for',
  'energy-skew': 'Difference between meters',
  'vcpu-hours': 'CPU',
  'gib-hours': 'Memory',
  'gpu-hours': 'GPU',
  resources: 'CPU, memory and GPU',
}

/** A line in words: what, where, at which tariff, of which period. */
export function describeCharge(
  { sku, zone, share, tariffVersion, carried, listCost }: Charge,
  { listUnitPrice, percent, corrects }: { listUnitPrice: string; percent: string; corrects: string | null },
): string {
  const what = WHAT[sku] ?? sku
  const whose = sku.startsWith('energy-') || share === 'active' || share === '' ? '' : ` (${share})`
  const isUnpriced = listUnitPrice === '' || (listCost === 0n && carried.UnpricedCostUj !== 0n)
  return [
    `${what}${whose}`,
    ...(zone === '' ? [] : [`zone ${zone}`]),
    ...(isUnpriced ? ['without a price'] : tariffVersion === '' ? [] : [`tariff ${tariffVersion}`]),
    ...(percent === '0' ? [] : [`${percent} % discount`]),
    ...(corrects === null ? [] : [`correction of ${corrects}`]),
  ].join(', ')
}

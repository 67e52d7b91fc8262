/** From sums of the ledger to charges: energy by share, resources by what the tariff prices. */
import { divideHalfEven, parseDecimal, type Rational, rational } from '../model/decimal.ts'
import { type Femto, femtoOfNano } from './money.ts'
import { addCarried, type Carried, type Charge, chargeKey, NOTHING, type UsageSum } from './usage.ts'

/** Prices of resources that a tariff has for everything, by what they are per. Exact decimals. */
export interface ResourcePriceList {
  readonly vcpuHour?: string
  readonly gibHour?: string
  readonly gpuHour?: string
}

/** Prices of resources by tariff; undefined: not known, or not the same for everything. */
export type ResourcePricesOf = (tariff: string) => ResourcePriceList | undefined

/** Versions that an entry names, joined by `+`: of the list that prices energy, of a spot price, of another list for resources. */
export const versionParts = (version: string): readonly string[] =>
  version.split('+').filter(part => part !== '')

/** The list that prices resources, such as `EUR:3f1c9a02`, without the price of energy in front of it. */
export function resourceTariff(version: string): string {
  const last = versionParts(version).findLast(part => !part.startsWith('spot:')) ?? ''
  return /[A-Z]{3}:[0-9a-f]{8}$/.exec(last)?.[0] ?? ''
}

/** A resource, how a line names it, and its amount in one unit of the price. */
export const CHARGED_RESOURCES = [
  { sku: 'vcpu-hours', price: 'vcpuHour', carried: 'CpuUs', perUnit: 3_600_000_000n },
  { sku: 'gib-hours', price: 'gibHour', carried: 'MemoryByteSeconds', perUnit: 1_073_741_824n * 3_600n },
  { sku: 'gpu-hours', price: 'gpuHour', carried: 'GpuUs', perUnit: 3_600_000_000n },
] as const
/** Resources that cannot be distinguished: rules by label price them, or what is charged is not what was used. */
export const MIXED_RESOURCES = 'resources'

/** Charges of an account and period. Their costs sum to those of the entries, exactly. */
export function chargesOf(sums: readonly UsageSum[], pricesOf: ResourcePricesOf): readonly Charge[] {
  const charges = new Map<string, Charge>()
  for (const sum of sums) {
    for (const charge of [energyCharge(sum), ...resourceCharges(sum, pricesOf)]) {
      const key = chargeKey(charge)
      const before = charges.get(key)
      charges.set(key, before === undefined ? charge : addCharges(before, charge))
    }
  }
  return [...charges.values()].filter(charge => !isNothing(charge))
}

/** What is charged now less what was charged before: nothing where that is the same. */
export function chargeDifferences(now: readonly Charge[], before: readonly Charge[]): readonly Charge[] {
  const left = new Map(now.map(charge => [chargeKey(charge), charge]))
  for (const charge of before) {
    const key = chargeKey(charge)
    const nothing = { ...charge, listCost: 0n, coverage: 0, carried: NOTHING }
    left.set(key, addCharges(left.get(key) ?? nothing, charge, -1n))
  }
  return [...left.values()].filter(charge => !isNothing(charge))
}

const addCharges = (a: Charge, b: Charge, sign: 1n | -1n = 1n): Charge => ({
  ...a,
  listCost: a.listCost + sign * b.listCost,
  coverage: a.coverage + Number(sign) * b.coverage,
  carried: addCarried(a.carried, b.carried, sign),
})

/** Entries alone, and how much of their minutes meters saw, are no reason for a line. */
const isNothing = ({ listCost, carried: { Entries: _, ...amounts } }: Charge): boolean =>
  listCost === 0n && Object.values(amounts).every(amount => amount === 0n)

function energyCharge({ zone, share, tariffVersion, costEnergyNano, coverage, carried }: UsageSum): Charge {
  return {
    sku: `energy-${share}`,
    zone,
    share,
    tariffVersion,
    listCost: femtoOfNano(costEnergyNano),
    coverage,
    carried: { ...carried, CpuUs: 0n, MemoryByteSeconds: 0n, GpuUs: 0n },
  }
}

function resourceCharges(sum: UsageSum, pricesOf: ResourcePricesOf): readonly Charge[] {
  const { costResourceNano, carried, tariffVersion, zone, share } = sum
  if (costResourceNano === 0n) return []
  const used = CHARGED_RESOURCES.filter(resource => carried[resource.carried] !== 0n)
  const charge = (sku: string, listCost: Femto, amounts: Partial<Carried>): Charge => ({
    sku,
    zone,
    share,
    tariffVersion: resourceTariff(tariffVersion),
    listCost,
    coverage: 0,
    carried: { ...NOTHING, ...amounts },
  })
  const costs = splitCost(sum, used, pricesOf(resourceTariff(tariffVersion)))
  if (costs === null) {
    const amounts = Object.fromEntries(used.map(resource => [resource.carried, carried[resource.carried]]))
    return [charge(MIXED_RESOURCES, femtoOfNano(costResourceNano), amounts)]
  }
  return used.flatMap((resource, at) =>
    costs[at] === 0n
      ? []
      : [charge(resource.sku, costs[at]!, { [resource.carried]: carried[resource.carried] })],
  )
}

/**
 * Costs of the resources, such that they sum to the cost of the entries; null when the prices do not explain that. An entry is
 * rounded to a billionth of the currency unit, so the sum may be half of that off for each; the last resource takes the difference.
 */
function splitCost(
  { costResourceNano, carried }: UsageSum,
  used: readonly (typeof CHARGED_RESOURCES)[number][],
  prices: ResourcePriceList | undefined,
): readonly Femto[] | null {
  if (prices === undefined) return null
  const costs = used.map(({ price, carried: name, perUnit }) => costAt(prices[price], carried[name], perUnit))
  const cost = femtoOfNano(costResourceNano)
  const difference = cost - costs.reduce((total, one) => total + one, 0n)
  const most = femtoOfNano(carried.Entries + 1n) / 2n
  const last = costs.findLastIndex(one => one !== 0n)
  if (last === -1 || difference > most || difference < -most) return null
  return costs.map((one, at) => (at === last ? one + difference : one))
}

function costAt(price: string | undefined, amount: bigint, perUnit: bigint): Femto {
  const { numerator, denominator }: Rational = rational(parseDecimal(price ?? '0'))
  return divideHalfEven(amount * numerator * 10n ** 15n, perUnit * denominator)
}

/** Quantity and unit price of a charge: as the entries were rated, not computed again. */
import { type Decimal, decimalText, divideHalfEven, parseDecimal } from '../model/decimal.ts'
import { CHARGED_RESOURCES, MIXED_RESOURCES } from './charges.ts'
import type { Femto } from './money.ts'
import type { Charge } from './usage.ts'

/** How much of what, and what one of it costs. Exact decimals; price '' where nothing is priced. */
export interface PricedQuantity {
  readonly quantity: string
  readonly unit: string
  readonly listUnitPrice: string
}

const DIGITS = 15
const ONE = 10n ** BigInt(DIGITS)
const UJ_PER_KWH = 3_600_000_000_000n
/** Facility energy is at least that of the machines (less what rounding takes), and no building takes ten times as much. */
const isFacility = (facility: bigint, energy: bigint): boolean =>
  energy < 0n ? isFacility(-facility, -energy) : 10n * facility >= 9n * energy && facility <= 10n * energy

const text = (mantissa: bigint): string => decimalText({ mantissa, scale: DIGITS })
/** `amount / perUnit`, to 15 decimals. */
const inUnits = (amount: bigint, perUnit: bigint): bigint => divideHalfEven(amount * ONE, perUnit)

/**
 * For energy that a price in the tariff's version explains, the price and the facility energy that it was charged for. Otherwise
 * what was used, and the average price.
 */
export function priced(charge: Charge): PricedQuantity {
  if (charge.sku.startsWith('energy-')) return pricedEnergy(charge)
  const resource =
    CHARGED_RESOURCES.find(({ sku }) => sku === charge.sku) ??
    CHARGED_RESOURCES.find(
      ({ carried }) => charge.sku === MIXED_RESOURCES && charge.carried[carried] !== 0n,
    ) ??
    CHARGED_RESOURCES[0]
  const unit = { 'vcpu-hours': 'vCPU-Hours', 'gib-hours': 'GiB-Hours', 'gpu-hours': 'GPU-Hours' }[
    resource.sku
  ]
  return average(charge.listCost, inUnits(charge.carried[resource.carried], resource.perUnit), unit)
}

function pricedEnergy({ listCost, tariffVersion, carried }: Charge): PricedQuantity {
  const energy = inUnits(carried.EnergyUj, UJ_PER_KWH)
  if (listCost === 0n && carried.UnpricedCostUj !== 0n) {
    return { quantity: text(energy), unit: 'kWh', listUnitPrice: '' }
  }
  const price = energyPrice(tariffVersion)
  if (price === null) return average(listCost, energy, 'kWh')
  const listUnitPrice = decimalText(price)
  if (price.mantissa === 0n) return { quantity: text(energy), unit: 'kWh', listUnitPrice }
  const facility = quotient(listCost, price)
  return isFacility(facility, energy)
    ? { quantity: text(facility), unit: 'kWh', listUnitPrice }
    : average(listCost, energy, 'kWh')
}

/** The price of energy that a version of a tariff begins with. */
export function energyPrice(tariffVersion: string): Decimal | null {
  const [, price] = /^(-?\d+(?:\.\d+)?):[A-Z]{3}:/.exec(tariffVersion) ?? []
  return price === undefined ? null : parseDecimal(price)
}

function average(cost: Femto, quantity: bigint, unit: string): PricedQuantity {
  if (quantity === 0n) return { quantity: '1', unit: 'Units', listUnitPrice: text(cost) }
  const [above, below] = quantity < 0n ? [-cost, -quantity] : [cost, quantity]
  return { quantity: text(quantity), unit, listUnitPrice: text(divideHalfEven(above * ONE, below)) }
}

function quotient(cost: Femto, { mantissa, scale }: Decimal): bigint {
  const numerator = cost * 10n ** BigInt(scale)
  return mantissa < 0n ? divideHalfEven(-numerator, -mantissa) : divideHalfEven(numerator, mantissa)
}

/** What of the ledger CloudKitty calls types of metrics: energy, and resources with a price. Amounts are exact. */
import { decimalText, divideHalfEven } from '../../../core/model/decimal.ts'
import type { Amounts } from '../../usage/amounts.ts'

/** A type of metric. */
export interface RatedType {
  readonly name: 'energy' | 'resources'
  readonly unit: string
  readonly quantity: 'energy_uj' | 'cpu_us'
  readonly cost: 'cost_energy_nano' | 'cost_resource_nano'
  /** Divides the quantity into the unit. */
  readonly divisor: bigint
}

/** kWh that the ledger booked and their price; CPU time with the price of all resources: vCPUs, memory and GPUs. */
export const RATED_TYPES: readonly RatedType[] = [
  {
    name: 'energy',
    unit: 'kWh',
    quantity: 'energy_uj',
    cost: 'cost_energy_nano',
    divisor: 3_600_000_000_000n,
  },
  {
    name: 'resources',
    unit: 'vCPU-hour',
    quantity: 'cpu_us',
    cost: 'cost_resource_nano',
    divisor: 3_600_000_000n,
  },
]

/** A quantity in units of 10^-18 of its type's unit, and its cost in 10^-9 of the currency; null: unknown. */
export interface RatedAmount {
  readonly quantity: bigint
  readonly nano: bigint | null
}

const QUANTITY_SCALE = 18
const MONEY_SCALE = 9

/** Undefined: there is nothing of this type. */
export function ratedAmount(type: RatedType, amounts: Amounts): RatedAmount | undefined {
  const nano = amounts[type.cost]
  // What has no price for its resources is not rated by them.
  if (type.name === 'resources' && nano === null) return undefined
  const quantity = scaledQuantity(amounts[type.quantity] ?? 0n, type.divisor)
  return { quantity, nano }
}

/** A quantity of a type, in units of 10^-18. */
export const scaledQuantity = (amount: bigint, divisor: bigint): bigint =>
  divideHalfEven(amount * 10n ** BigInt(QUANTITY_SCALE), divisor)

type Raw = (text: string) => unknown
/** A number of JSON with all of its digits. */
const rawJson: Raw = (JSON as unknown as { readonly rawJSON: Raw }).rawJSON

/** A quantity as a number of JSON. */
export const quantityNumber = (quantity: bigint): unknown =>
  rawJson(decimalText({ mantissa: quantity, scale: QUANTITY_SCALE }))

/** Money as decimal text. */
export const moneyText = (nano: bigint): string => decimalText({ mantissa: nano, scale: MONEY_SCALE })

/** Money as a number of JSON; null where it is not known. */
export const moneyNumber = (nano: bigint | null): unknown => (nano === null ? null : rawJson(moneyText(nano)))

/** Sums of ledger entries that have a price in common, and what of them becomes a line. */
import type { Femto } from './money.ts'

/** Amounts that are carried from entries to lines: all of them sum. */
export const CARRIED = [
  'EnergyUj',
  'CpuUs',
  'MemoryByteSeconds',
  'GpuUs',
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'UnpricedCarbonUj',
  'UnpricedCostUj',
  'MeasuredUj',
  'InterpolatedUj',
  'EstimatedUj',
  'SimulatedUj',
  'Entries',
] as const
/** Amounts that are carried from entries to lines. */
export type Carried = Readonly<Record<(typeof CARRIED)[number], bigint>>

/** Nothing of all of them. */
export const NOTHING: Carried = Object.fromEntries(CARRIED.map(name => [name, 0n])) as Carried

/** Sum, or with -1 the difference. */
export const addCarried = (a: Carried, b: Carried, sign: 1n | -1n = 1n): Carried =>
  Object.fromEntries(CARRIED.map(name => [name, a[name] + sign * b[name]])) as Carried

/** What the entries of an account and period sum to that have zone, share and tariff in common. */
export interface UsageSum {
  readonly zone: string
  readonly share: string
  readonly tariffVersion: string
  readonly costEnergyNano: bigint
  readonly costResourceNano: bigint
  /** Sum of the coverage of entries. */
  readonly coverage: number
  readonly carried: Carried
}

/** What is charged for: the same in every bill, so that corrections find what they correct. */
export interface ChargeKey {
  readonly sku: string
  readonly zone: string
  readonly share: string
  readonly tariffVersion: string
}

/** Usage as it is charged: one line of a bill, before discounts. */
export interface Charge extends ChargeKey {
  readonly listCost: Femto
  readonly coverage: number
  readonly carried: Carried
}

/** Text that tells charges apart. */
export const chargeKey = ({ sku, zone, share, tariffVersion }: ChargeKey): string =>
  JSON.stringify([sku, zone, share, tariffVersion])

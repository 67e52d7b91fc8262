/**
 * Sums of the books for one allocation, step, resource and currency, before they are put together: pure. All amounts are exact integers in
 * the units of the ledger.
 */
import { addKnown } from '../../core/model/integers.ts'

/** Names of the sums, and their expressions over entries. */
export const AMOUNTS = {
  energyUj: 'sum(toInt128(EnergyUj))',
  activeUj: "sumIf(toInt128(EnergyUj), Share = 'active')",
  idleUj: "sumIf(toInt128(EnergyUj), Share = 'idle')",
  unattributedUj: "sumIf(toInt128(EnergyUj), Share = 'unattributed')",
  carbonOperationalUg: 'sum(toInt128(CarbonOperationalUg))',
  carbonEmbodiedUg: 'sum(toInt128(CarbonEmbodiedUg))',
  costEnergyNano: 'sum(toInt128(CostEnergyNano))',
  costResourceNano: 'sum(toInt128(CostResourceNano))',
  idleCostEnergyNano: "sumIf(toInt128(CostEnergyNano), Share = 'idle')",
  idleCostResourceNano: "sumIf(toInt128(CostResourceNano), Share = 'idle')",
  unpricedCarbonUj: 'sumIf(toInt128(EnergyUj), CarbonOperationalUg IS NULL)',
  unpricedCostUj: 'sumIf(toInt128(EnergyUj), CostEnergyNano IS NULL)',
  measuredUj: "sumIf(toInt128(EnergyUj), EnergyQuality = 'measured')",
} as const
/** One of them. */
export type Amount = keyof typeof AMOUNTS
/** Their names. */
export const AMOUNT_NAMES = Object.keys(AMOUNTS) as readonly Amount[]
/** Null: unknown, all of it. */
export type AllocationAmounts = Readonly<Record<Amount, bigint | null>>

/** Use and reservations: they belong to a workload and are never shared. */
export const USES = {
  cpuUs: 'sum(toInt128(CpuUs))',
  cpuRequestUs: 'sum(toInt128(CpuRequestUs))',
  memoryByteSeconds: 'sum(toInt128(MemoryByteSeconds))',
  memoryRequestByteSeconds: 'sum(toInt128(MemoryRequestByteSeconds))',
  gpuUs: 'sum(toInt128(GpuUs))',
  gpuRequestUs: 'sum(toInt128(GpuRequestUs))',
} as const
/** One of them. */
export type Use = keyof typeof USES
/** Their names. */
export const USE_NAMES = Object.keys(USES) as readonly Use[]
/** What is billed: the larger of use and reservation, workload by workload. */
export const ALLOCATED = {
  cpuAllocatedUs: ['cpuUs', 'cpuRequestUs'],
  memoryAllocatedByteSeconds: ['memoryByteSeconds', 'memoryRequestByteSeconds'],
  gpuAllocatedUs: ['gpuUs', 'gpuRequestUs'],
} as const satisfies Record<string, readonly [Use, Use]>
/** One of them, or a use. */
export type CellQuantity = Use | keyof typeof ALLOCATED
/** Names of both. */
export const QUANTITY_NAMES = [...USE_NAMES, ...Object.keys(ALLOCATED)] as readonly CellQuantity[]

/** The resources that OpenCost tells apart; what is none of the first three has no field there but `externalCost`. */
export const RESOURCES = ['cpu', 'ram', 'gpu', 'other'] as const
/** One of them. */
export type AllocationResource = (typeof RESOURCES)[number]

/** `own` of the allocation itself; `idle` and `shared` have been given to it. */
export type Origin = 'own' | 'idle' | 'shared'

/** Properties in an answer, '' where allocations differ. */
export const SHOWN = [
  'cluster',
  'node',
  'namespace',
  'controllerKind',
  'controller',
  'pod',
  'container',
] as const

/** What an allocation is, apart from its amounts. */
export interface CellFacts {
  readonly properties: Readonly<Record<(typeof SHOWN)[number] | 'service' | 'providerID', string>>
  readonly labels: Readonly<Record<string, string>>
  readonly quantities: Readonly<Record<CellQuantity, bigint>>
  /** First and last minute with entries, unix seconds. */
  readonly first: number
  readonly last: number
}

/** One sum of the books, or a share of one. */
export interface Cell {
  /** Index of the step. */
  readonly step: number
  readonly name: string
  readonly node: string
  readonly kind: 'plain' | 'idle' | 'shared'
  /** Whether it meets the filter. */
  readonly kept: boolean
  readonly resource: AllocationResource
  readonly currency: string
  readonly origin: Origin
  readonly amounts: AllocationAmounts
  /** Null for shares of others. */
  readonly facts: CellFacts | null
}

/** Amounts by a function of each. */
export const amountsBy = (value: (name: Amount) => bigint | null): AllocationAmounts =>
  Object.fromEntries(AMOUNT_NAMES.map(name => [name, value(name)])) as Record<Amount, bigint | null>

/** Sum, amount by amount: unknown ones add nothing. */
export const addAllocationAmounts = (a: AllocationAmounts, b: AllocationAmounts): AllocationAmounts =>
  amountsBy(name => addKnown(a[name], b[name]))

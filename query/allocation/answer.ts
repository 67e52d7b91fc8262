/** From sums of the books to OpenCost's answer: pure. */
import type { Allocation, AllocationAnswer, AllocationProperties } from '../../core/api/answers.ts'
import { addKnown } from '../../core/model/integers.ts'
import { isoSecond } from '../../core/model/iso-time.ts'
import {
  type AllocationAmounts,
  type AllocationResource,
  addAllocationAmounts,
  amountsBy,
  type Cell,
  type CellFacts,
  type CellQuantity,
  QUANTITY_NAMES,
} from './cells.ts'
import { MAP_PREFIXES, type MapProperty, sanitized } from './properties.ts'
import type { AllocationRequest } from './request.ts'
import type { CostShare } from './sharing.ts'
import type { AllocationWindow } from './window.ts'

const NOTHING = amountsBy(() => null)
const MINUTE = 60

/** All cells of one name in one set. */
interface AllocationGroup {
  readonly name: string
  readonly cells: readonly Cell[]
  readonly costNano: bigint
}

/** The answer of `/allocation`. */
export function buildAllocations(
  request: AllocationRequest,
  cells: readonly Cell[],
  costs: readonly CostShare[],
): AllocationAnswer {
  const sets = request.accumulate ? [request.window] : request.steps
  const indexOf = (step: number): number => (request.accumulate ? 0 : step)
  const byStep = Map.groupBy(cells, ({ step }) => indexOf(step))
  let omitted = 0
  const data = sets.map((window, index) => {
    const paid = costs.filter(({ step }) => indexOf(step) === index)
    const groups = groupsOf(byStep.get(index) ?? [], paid).map(group => allocationOf(group, window, request))
    const shown = groups
      .toSorted(byCost)
      .slice(request.offset, request.limit === null ? undefined : request.offset + request.limit)
    omitted += groups.length - shown.length
    return Object.fromEntries(shown.map(allocation => [allocation.name, allocation]))
  })
  return {
    code: 200,
    data,
    ...(omitted === 0 ? {} : { message: `limit and offset left out ${omitted} allocations.` }),
  }
}

function groupsOf(cells: readonly Cell[], costs: readonly CostShare[]): readonly AllocationGroup[] {
  const paid = Map.groupBy(costs, ({ name }) => name)
  return [...Map.groupBy(cells, ({ name }) => name)].map(([name, some]) => ({
    name,
    cells: some,
    costNano: (paid.get(name) ?? []).reduce((sum, { nano }) => sum + nano, 0n),
  }))
}

/** The dearest first, then the one with the most energy. */
function byCost(a: Allocation, b: Allocation): number {
  if (a.totalCost !== b.totalCost) return (b.totalCost ?? -1) - (a.totalCost ?? -1)
  if (a.energyKwh !== b.energyKwh) return b.energyKwh - a.energyKwh
  return a.name < b.name ? -1 : 1
}

const sumOf = (cells: readonly Cell[]): AllocationAmounts =>
  cells.map(({ amounts }) => amounts).reduce(addAllocationAmounts, NOTHING)
const units = (nano: bigint): number => Number(nano) / 1e9

function allocationOf(
  group: AllocationGroup,
  window: AllocationWindow,
  request: AllocationRequest,
): Allocation {
  const total = sumOf(group.cells)
  const facts = factsOf(group.cells)
  const currencies = currenciesOf(group.cells)
  const isMixed = currencies.length > 1
  const cost = (cells: readonly Cell[], extra = 0n): number | null => {
    const known = costOf(sumOf(cells))
    if (cells.length === 0) return units(extra)
    return isMixed || known === null ? null : units(known + extra)
  }
  const costOfResource = (resource: AllocationResource): ResourceCost => {
    const cells = group.cells.filter(cell => cell.resource === resource && cell.origin !== 'shared')
    const idle = cells.map(idleCostOf).reduce(addKnown, null)
    return { cost: cost(cells), idle: isMixed ? null : units(idle ?? 0n) }
  }
  const [cpu, ram, gpu] = [costOfResource('cpu'), costOfResource('ram'), costOfResource('gpu')]
  const shared = group.cells.filter(({ origin }) => origin === 'shared')
  const carbon = addKnown(total.carbonOperationalUg, total.carbonEmbodiedUg)
  const { first, last } = facts ?? { first: window.from, last: window.to - MINUTE }
  const use = usesOf(facts, last + MINUTE - first, { cpu, ram, gpu })
  return {
    name: group.name,
    properties: propertiesOf(facts, request),
    window: { start: isoSecond(window.from), end: isoSecond(window.to) },
    start: isoSecond(first),
    end: isoSecond(last + MINUTE),
    minutes: (last + MINUTE - first) / MINUTE,
    ...use,
    ...NOT_METERED,
    externalCost: costOfResource('other').cost,
    sharedCost: cost(shared, group.costNano),
    totalCost: cost(group.cells, group.costNano),
    energyKwh: Number(total.energyUj ?? 0n) / 3.6e12,
    carbonGrams: carbon === null ? null : Number(carbon) / 1e6,
    wattline: booksOf(group.cells, total, currencies),
  }
}

const costOf = (amounts: AllocationAmounts): bigint | null =>
  addKnown(amounts.costEnergyNano, amounts.costResourceNano)

/** Cost of idle energy: what the books gave the allocation, or what this answer gave it. */
const idleCostOf = ({ origin, amounts }: Cell): bigint | null =>
  origin === 'idle' ? costOf(amounts) : addKnown(amounts.idleCostEnergyNano, amounts.idleCostResourceNano)

const currenciesOf = (cells: readonly Cell[]): readonly string[] =>
  [
    ...new Set(cells.filter(({ amounts }) => costOf(amounts) !== null).map(({ currency }) => currency)),
  ].toSorted()

interface ResourceCost {
  readonly cost: number | null
  readonly idle: number | null
}

/** The facts of all cells of an allocation together; null where it has shares of others only. */
function factsOf(cells: readonly Cell[]): CellFacts | null {
  const all = cells.flatMap(({ facts }) => (facts === null ? [] : [facts]))
  const [one, ...others] = all
  if (one === undefined) return null
  return others.reduce(
    (a, b) => ({
      properties: Object.fromEntries(
        Object.entries(a.properties).map(([name, value]) => [
          name,
          b.properties[name as keyof CellFacts['properties']] === value ? value : '',
        ]),
      ) as CellFacts['properties'],
      labels: a.labels,
      quantities: Object.fromEntries(
        QUANTITY_NAMES.map(name => [name, a.quantities[name] + b.quantities[name]]),
      ) as Record<CellQuantity, bigint>,
      first: Math.min(a.first, b.first),
      last: Math.max(a.last, b.last),
    }),
    one,
  )
}

const HOUR = 3_600

/** Cores, bytes and GPUs, as OpenCost counts them: billed is the larger of use and reservation. */
function usesOf(
  facts: CellFacts | null,
  seconds: number,
  costs: Readonly<Record<'cpu' | 'ram' | 'gpu', ResourceCost>>,
) {
  const of = (name: CellQuantity): number => Number(facts?.quantities[name] ?? 0n)
  const cpu = efficiency(of('cpuUs'), of('cpuRequestUs'))
  const ram = efficiency(of('memoryByteSeconds'), of('memoryRequestByteSeconds'))
  const gpu = efficiency(of('gpuUs'), of('gpuRequestUs'))
  const parts = [
    [cpu, costs.cpu.cost ?? 0],
    [ram, costs.ram.cost ?? 0],
    [gpu, costs.gpu.cost ?? 0],
  ] as const
  const cost = parts.reduce((sum, [, part]) => sum + part, 0)
  return {
    cpuCores: of('cpuAllocatedUs') / 1e6 / seconds,
    cpuCoreRequestAverage: of('cpuRequestUs') / 1e6 / seconds,
    cpuCoreUsageAverage: of('cpuUs') / 1e6 / seconds,
    cpuCoreHours: of('cpuAllocatedUs') / 1e6 / HOUR,
    cpuCost: costs.cpu.cost,
    cpuCostAdjustment: 0,
    cpuCostIdle: costs.cpu.idle,
    cpuEfficiency: cpu,
    gpuCount: of('gpuAllocatedUs') / 1e6 / seconds,
    gpuHours: of('gpuAllocatedUs') / 1e6 / HOUR,
    gpuCost: costs.gpu.cost,
    gpuCostAdjustment: 0,
    gpuCostIdle: costs.gpu.idle,
    gpuEfficiency: gpu,
    ramBytes: of('memoryAllocatedByteSeconds') / seconds,
    ramByteRequestAverage: of('memoryRequestByteSeconds') / seconds,
    ramByteUsageAverage: of('memoryByteSeconds') / seconds,
    ramByteHours: of('memoryAllocatedByteSeconds') / HOUR,
    ramCost: costs.ram.cost,
    ramCostAdjustment: 0,
    ramCostIdle: costs.ram.idle,
    ramEfficiency: ram,
    totalEfficiency: cost === 0 ? 0 : parts.reduce((sum, [share, part]) => sum + share * part, 0) / cost,
  }
}

/** Use of what was reserved; use without a reservation counts as 1. */
function efficiency(used: number, reserved: number): number {
  if (reserved > 0) return used / reserved
  return used > 0 ? 1 : 0
}

/** What OpenCost has and the books do not meter. */
const NOT_METERED = {
  networkTransferBytes: 0,
  networkReceiveBytes: 0,
  networkCost: 0,
  networkCrossZoneCost: 0,
  networkCrossRegionCost: 0,
  networkInternetCost: 0,
  networkCostAdjustment: 0,
  loadBalancerCost: 0,
  loadBalancerCostAdjustment: 0,
  pvBytes: 0,
  pvByteHours: 0,
  pvCost: 0,
  pvs: null,
  pvCostAdjustment: 0,
  lbAllocations: null,
} as const

function propertiesOf(facts: CellFacts | null, request: AllocationRequest): AllocationProperties {
  if (facts === null) return {}
  const { service, ...named } = facts.properties
  const maps = Object.entries(MAP_NAMES).map(([name, kind]) => [name, mapOf(facts.labels, kind)] as const)
  const isShown = request.aggregate.length === 0 || request.includeMetadata
  return Object.fromEntries([
    ...Object.entries(named).filter(([, value]) => value !== ''),
    ...(service === '' ? [] : [['services', [service]]]),
    ...(isShown ? maps.filter(([, map]) => Object.keys(map).length > 0) : []),
  ]) as AllocationProperties
}

const MAP_NAMES = {
  labels: 'label',
  annotations: 'annotation',
  namespaceLabels: 'namespaceLabel',
} as const satisfies Record<string, MapProperty>

function mapOf(labels: CellFacts['labels'], kind: MapProperty): Readonly<Record<string, string>> {
  const prefix = MAP_PREFIXES[kind]
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [sanitized(name.slice(prefix.length)), value]),
  )
}

function booksOf(
  cells: readonly Cell[],
  total: AllocationAmounts,
  currencies: readonly string[],
): Allocation['wattline'] {
  const text = (value: bigint | null): string => String(value ?? 0n)
  const known = (value: bigint | null): string | null => value?.toString() ?? null
  const isMixed = currencies.length > 1
  return {
    energyUj: text(total.energyUj),
    activeUj: text(total.activeUj),
    idleUj: text(total.idleUj),
    unattributedUj: text(total.unattributedUj),
    carbonOperationalUg: known(total.carbonOperationalUg),
    carbonEmbodiedUg: known(total.carbonEmbodiedUg),
    costEnergyNano: isMixed ? null : known(total.costEnergyNano),
    costResourceNano: isMixed ? null : known(total.costResourceNano),
    currency: isMixed ? null : (currencies[0] ?? null),
    costs: currencies.map(currency => {
      const sum = sumOf(cells.filter(cell => cell.currency === currency))
      return {
        currency,
        costEnergyNano: known(sum.costEnergyNano),
        costResourceNano: known(sum.costResourceNano),
      }
    }),
    unpricedCarbonUj: text(total.unpricedCarbonUj),
    unpricedCostUj: text(total.unpricedCostUj),
    measuredUj: text(total.measuredUj),
  }
}

/** What the resources of a row cost, in 1e-9 of the currency. */
import { divideHalfEven, multiplyExact, type Rational } from '../../core/model/decimal.ts'
import { larger } from '../../core/model/integers.ts'
import type { ResourcePrices, UnitPrices } from '../../core/model/prices/resource-prices.ts'
import type { ResourcePolicy } from '../../core/model/prices/terms.ts'
import type { EnergyRecord } from './energy-record.ts'
import { createHostShares } from './host-shares.ts'

/** 1 vCPU-hour = 3.6e9 µs; 1 GiB-hour = 2^30 x 3600 byte-seconds. In nano of the currency. */
const PER_CPU_US: Rational = { numerator: 10n, denominator: 36n }
const PER_BYTE_SECOND: Rational = { numerator: 1_000_000_000n, denominator: 1_073_741_824n * 3600n }
const NOTHING: Rational = { numerator: 0n, denominator: 1n }

/** Cost of amounts of resources, rounded once. */
type AmountsCost = (cpuUs: bigint, byteSeconds: bigint, gpuUs: bigint) => bigint

/** A resource without a price is not charged. */
function amountsCost({ perVcpuHour, perGibHour, perGpuHour }: UnitPrices): AmountsCost {
  const cpu = multiplyExact(PER_CPU_US, perVcpuHour ?? NOTHING)
  const memory = multiplyExact(PER_BYTE_SECOND, perGibHour ?? NOTHING)
  const gpu = multiplyExact(PER_CPU_US, perGpuHour ?? NOTHING)
  const denominator = cpu.denominator * memory.denominator * gpu.denominator
  const [perCpu, perMemory, perGpu] = [cpu, memory, gpu].map(
    price => (price.numerator * denominator) / price.denominator,
  ) as [bigint, bigint, bigint]
  return (cpuUs, byteSeconds, gpuUs) =>
    divideHalfEven(cpuUs * perCpu + byteSeconds * perMemory + gpuUs * perGpu, denominator)
}

interface RowPrices {
  readonly unit: UnitPrices
  readonly cost: AmountsCost
}

/** Prices that are remembered, by list. */
const remembered = new WeakMap<UnitPrices, RowPrices>()

function rowPrices(unit: UnitPrices): RowPrices {
  const known = remembered.get(unit)
  if (known !== undefined) return known
  const made = { unit, cost: amountsCost(unit) }
  remembered.set(unit, made)
  return made
}

/** The quantity that each policy bills. */
const BILLED = {
  usage: used => used,
  request: (_, requested, row) => requested.get(row),
  max: (used, requested, row) => larger(used, requested.get(row)),
} as const satisfies Record<
  ResourcePolicy,
  (used: bigint, requested: { get(row: number): bigint }, row: number) => bigint
>

/** The cost of a row's resources by the prices in force for it; null: they are not priced. */
export function resourceCosts(record: EnergyRecord): (row: number, prices: ResourcePrices) => bigint | null {
  const { columns } = record
  const pricesOf = pricesByRow(record)
  const hostShare = createHostShares(record)
  return (row, prices) => {
    const found = pricesOf(row, prices)
    if (found === null) return null
    const billed = BILLED[prices.policy]
    const amounts = found.cost(
      billed(columns.CpuUs.get(row), columns.CpuRequestUs, row),
      billed(columns.MemoryByteSeconds.get(row), columns.MemoryRequestByteSeconds, row),
      billed(columns.GpuUs.get(row), columns.GpuRequestUs, row),
    )
    const { perHostHour } = found.unit
    return perHostHour === null ? amounts : amounts + hostShare(row, perHostHour)
  }
}

/** Of rows that rules cannot tell apart one is looked at. */
function pricesByRow({
  columns: { Host, HostName, Labels },
}: EnergyRecord): (row: number, prices: ResourcePrices) => RowPrices | null {
  const known = new Map<ResourcePrices, Map<string, RowPrices | null>>()
  const keyOf = (row: number): string => {
    let key = `${Host.ids[row]}/${HostName.ids[row]}`
    for (let at = Labels.offsets[row]!; at < Labels.offsets[row + 1]!; at += 1) {
      key += `,${Labels.keys.ids[at]}=${Labels.values.ids[at]}`
    }
    return key
  }
  let last: { readonly prices: ResourcePrices; readonly found: RowPrices | null } | null = null
  return (row, prices) => {
    if (prices.isUniform && last?.prices === prices) return last.found
    const ofList = known.get(prices) ?? new Map<string, RowPrices | null>()
    known.set(prices, ofList)
    const key = prices.isUniform ? '' : keyOf(row)
    const before = ofList.get(key)
    const unit =
      before === undefined
        ? prices.of({ host: Host.get(row), hostName: HostName.get(row), labels: Labels.get(row) })
        : null
    const found = before ?? (unit === null ? null : rowPrices(unit))
    ofList.set(key, found)
    last = { prices, found }
    return found
  }
}

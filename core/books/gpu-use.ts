/** From what sources report of the use of a GPU board in one interval to who held it and how busy it was. */
import { larger } from '../model/integers.ts'
import { qualityRank } from '../model/quality.ts'
import { type GpuInstance, instanceOf } from './gpu-places.ts'
import type { GpuBoardUse, GpuHolder, GpuPlaceUse } from './gpu-split.ts'
import { compareSources } from './source-choice.ts'
import { familyOf } from './sources.ts'

/** What one source reports of one thing on a board: time, µs. */
export interface GpuAmount {
  /** `gpu_time`, `gpu_utilization` or `gpu_held`. */
  readonly quantity: string
  readonly device: string
  /** Key of the workload; '' for the board or instance itself. */
  readonly workload: string
  readonly source: string
  readonly quality: string
  readonly us: bigint
  readonly seenNs: number
}

/**
 * Use of one board. Several families of sources that describe it are alternatives: the one that knows the use of single
 * workloads tells it all; what it does not know of instances (NVML of their activity) comes from another.
 * @param amounts of that board
 * @param numberOf number of a workload; undefined: it does not count
 * @param energyNs time that the board's energy was metered
 */
export function boardUse(
  amounts: readonly GpuAmount[],
  numberOf: (workload: string) => number | undefined,
  energyNs: number,
): GpuBoardUse {
  const families = rankedFamilies(amounts)
  const ofWorkloads = families.find(family => family.knows > 0)
  const order =
    ofWorkloads === undefined ? families : [ofWorkloads, ...families.filter(one => one !== ofWorkloads)]
  const devices = new Set(amounts.map(({ device }) => device))
  const places = [...devices].sort().map(device => {
    const ofDevice = order.map(family => ({
      family,
      amounts: family.amounts.filter(one => one.device === device && one.workload === ''),
    }))
    const active = ofDevice.map(one => ({ ...one, us: activeUs(one.amounts) })).find(({ us }) => us !== null)
    const held = ofDevice.map(one => amountOf(one.amounts, 'gpu_held')).find(us => us !== null)
    return placeUse(instanceOf(device), {
      activeUs: active?.us ?? null,
      heldUs: held ?? null,
      isOneSource: active !== undefined && active.family === ofWorkloads,
      holders: holdersOf(
        (ofWorkloads?.amounts ?? []).filter(one => one.device === device && one.workload !== ''),
        numberOf,
      ),
    })
  })
  const seenNs = amounts.reduce((most, one) => Math.max(most, one.seenNs), energyNs)
  return {
    timeUs: BigInt(Math.floor(seenNs / 1000)),
    whole: places.find(({ id }) => id === '') ?? placeUse(instanceOf(''), UNSEEN),
    instances: places.filter(({ id }) => id !== ''),
  }
}

type PlaceFacts = Omit<GpuPlaceUse, 'slices' | 'ofSlices'>
const UNSEEN: PlaceFacts = { activeUs: null, heldUs: null, isOneSource: false, holders: [] }
const placeUse = (instance: GpuInstance, facts: PlaceFacts) => ({ ...instance, ...facts })

interface Family {
  readonly amounts: readonly GpuAmount[]
  /** 2: how much single workloads used the board; 1: only which hold it; 0: neither. */
  readonly knows: number
}

/** Best first: by quality, by what they know of workloads, by the time they saw, by name. */
function rankedFamilies(all: readonly GpuAmount[]): readonly Family[] {
  return [...Map.groupBy(all, ({ source }) => familyOf(source))]
    .map(([name, amounts]) => {
      const ofWorkloads = amounts.filter(({ workload }) => workload !== '')
      const isTold = ofWorkloads.some(({ quantity }) => quantity !== 'gpu_held')
      const knows = isTold ? 2 : ofWorkloads.length > 0 ? 1 : 0
      const rank = Math.max(...amounts.map(({ quality }) => qualityRank(quality)))
      const seenNs = amounts.reduce((most, one) => Math.max(most, one.seenNs), 0)
      return { name, amounts, knows, rank, seenNs }
    })
    .sort((a, b) => a.rank - b.rank || b.knows - a.knows || b.seenNs - a.seenNs || (a.name < b.name ? -1 : 1))
}

function holdersOf(
  amounts: readonly GpuAmount[],
  numberOf: (workload: string) => number | undefined,
): readonly GpuHolder[] {
  const byWorkload = new Map<number, GpuHolder>()
  for (const [key, some] of Map.groupBy(amounts, one => one.workload)) {
    const workload = numberOf(key)
    if (workload === undefined) continue
    const usedUs = activeUs(some)
    // A source that reports use alone says nothing of time without use.
    const heldUs = amountOf(some, 'gpu_held') ?? usedUs ?? 0n
    const there = byWorkload.get(workload)
    byWorkload.set(workload, {
      workload,
      usedUs: there === undefined ? usedUs : sumKnown(there.usedUs, usedUs),
      // Under two names, one of which stands for the other, it still holds the board once.
      heldUs: there === undefined ? heldUs : larger(there.heldUs, heldUs),
    })
  }
  return [...byWorkload.values()].sort((a, b) => a.workload - b.workload)
}

const sumKnown = (a: bigint | null, b: bigint | null): bigint | null =>
  a === null && b === null ? null : (a ?? 0n) + (b ?? 0n)

/** A counter before a rate. */
const activeUs = (amounts: readonly GpuAmount[]): bigint | null =>
  amountOf(amounts, 'gpu_time') ?? amountOf(amounts, 'gpu_utilization')

/** Sources of one thing are alternatives. */
function amountOf(amounts: readonly GpuAmount[], quantity: string): bigint | null {
  const some = amounts.filter(one => one.quantity === quantity)
  return some.toSorted(compareSources)[0]?.us ?? null
}

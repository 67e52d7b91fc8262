/** Slices of the use of GPUs, as amounts by board. */
import type { GpuAmount } from '../../../core/books/gpu-use.ts'
import { sumOf } from '../../../core/model/integers.ts'
import { workloadKey } from '../samples/keys.ts'
import { isGpuQuantity } from '../samples/series.ts'
import { oneEpochAtATime } from '../windows/epochs.ts'
import type { WindowSlice } from '../windows/integrate.ts'

const isOfGpu = ({ series }: WindowSlice): boolean => isGpuQuantity(series.identity.quantity)

/** Slices of the use of GPUs apart from all others; these are the same array where there are none. */
export function apartFromGpus(slices: readonly WindowSlice[]): {
  readonly gpus: readonly WindowSlice[]
  readonly others: readonly WindowSlice[]
} {
  const gpus = slices.filter(isOfGpu)
  return { gpus, others: gpus.length === 0 ? slices : slices.filter(slice => !isOfGpu(slice)) }
}

/** By domain of the board; epochs of one meter count one at a time. */
export function amountsByBoard(gpus: readonly WindowSlice[]): ReadonlyMap<string, readonly GpuAmount[]> {
  const meters = Map.groupBy(
    gpus,
    ({ series: { place, identity } }) => `${place}\u0000${identity.quality}\u0000${identity.source}`,
  )
  const boards = new Map<string, GpuAmount[]>()
  for (const some of meters.values()) {
    const slices = oneEpochAtATime(some)
    const { quantity, domain, device, workloadKind, workloadId, source, quality } = some[0]!.series.identity
    const there = boards.get(domain) ?? []
    boards.set(domain, there)
    there.push({
      ...{ quantity, device, source, quality },
      workload: workloadKind === '' ? '' : workloadKey(workloadKind, workloadId),
      us: sumOf(slices.map(({ amount }) => amount)),
      seenNs: slices.reduce((most, { coveredNs }) => Math.max(most, coveredNs), 0),
    })
  }
  return boards
}

/** Qualities of the readings of use. */
export const qualitiesOf = (gpus: readonly WindowSlice[]): readonly string[] =>
  gpus.map(({ series, interpolated }) =>
    series.identity.quality === 'measured' && interpolated ? 'interpolated' : series.identity.quality,
  )

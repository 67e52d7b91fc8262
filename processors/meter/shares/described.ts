/** From what all sources tell of a host's workloads in a window to what counts of it: each CPU second once. */

import {
  chooseWorkloads,
  type DescribedWorkload,
  isOneDescription,
  type ToldCpu,
} from '../../../core/books/workload-choice.ts'
import { larger } from '../../../core/model/integers.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { workloadKey } from '../samples/keys.ts'
import { meterPlace } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import { knownLabels } from '../state/known-labels.ts'
import type { WindowSlice } from '../windows/integrate.ts'

/** What remains of a window once each workload has one description. */
export interface Described {
  /** Those that count; of a workload that another name stands for, under that name. */
  readonly slices: readonly WindowSlice[]
  readonly labelsOf: (workloadKey: string) => LabelMap
}

const NO_LABELS: LabelMap = {}

/** Joins workloads that several sources describe by different names (core/books/workload-choice.ts). */
export function describeWorkloads(host: HostState, slices: readonly WindowSlice[]): Described {
  const labelsOf = (key: string): LabelMap => knownLabels(host, key)
  if (isOneDescription(slices.map(({ series }) => series.identity))) return { slices, labelsOf }
  const mostUs = capacityOf(slices)
  const numbers = new Map<string, number>()
  const workloads: (DescribedWorkload & { readonly key: string; readonly told: ToldCpu[] })[] = []
  for (const { series, amount } of slices) {
    const { workloadKind: kind, workloadId: id, quantity, source, quality } = series.identity
    if (kind === '') continue
    const key = workloadKey(kind, id)
    let number = numbers.get(key)
    if (number === undefined) {
      number = workloads.length
      numbers.set(key, number)
      workloads.push({ key, kind, id, labels: labelsOf(key), told: [] })
    }
    // Impossible amounts, which aggregate.ts leaves out, must not decide which source is believed.
    const us = quantity === 'cpu_time' && amount <= mostUs ? amount : 0n
    workloads[number]!.told.push({ source, quality, us })
  }
  // Sorted by key, so that the order of samples does not matter.
  const sorted = workloads.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  for (const [number, { key }] of sorted.entries()) numbers.set(key, number)
  const { asOf, counts, labels } = chooseWorkloads(sorted)
  return {
    labelsOf: key => {
      const number = numbers.get(key)
      return number === undefined ? NO_LABELS : labels[number]!
    },
    slices: slices.flatMap(slice => {
      const { identity } = slice.series
      if (identity.workloadKind === '') return [slice]
      const number = numbers.get(workloadKey(identity.workloadKind, identity.workloadId))!
      const as = asOf[number]!
      if (as === null || !counts(number, identity.source)) return []
      return as === number ? [slice] : [renamed(slice, sorted[as]!)]
    }),
  }
}

const UNKNOWN_US = 1n << 62n

/** No workload can have used more CPU time than the host had, by any source, with a margin for reading a moment apart. */
function capacityOf(slices: readonly WindowSlice[]): bigint {
  const bySource = new Map<string, bigint>()
  for (const { series, amount } of slices) {
    const { workloadKind, quantity, source } = series.identity
    if (workloadKind === '' && quantity === 'cpu_time')
      bySource.set(source, (bySource.get(source) ?? 0n) + amount)
  }
  const most = [...bySource.values()].reduce((a, b) => larger(a, b), 0n)
  return most === 0n ? UNKNOWN_US : 2n * most
}

function renamed(
  slice: WindowSlice,
  { kind, id }: { readonly kind: string; readonly id: string },
): WindowSlice {
  const identity = { ...slice.series.identity, workloadKind: kind, workloadId: id }
  return { ...slice, series: { ...slice.series, identity, place: meterPlace(identity) } }
}

/** From what all sources tell of a host's workloads in a window to what counts of it: each CPU second once. */
import {
  chooseWorkloads,
  type DescribedWorkload,
  isOneDescription,
  type ToldCpu,
} from '../../../core/books/workload-choice.ts'
import { larger } from '../../../core/model/integers.ts'
import { workloadKey } from '../samples/keys.ts'
import { placeOf } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import type { Piece } from '../windows/integrate.ts'

export type Labels = Readonly<Record<string, string>>

export interface Described {
  /** Those that count; of a workload that another name stands for, under that name. */
  readonly pieces: readonly Piece[]
  readonly labelsOf: (workloadKey: string) => Labels
}

const NO_LABELS: Labels = {}

export function describeWorkloads(host: HostState, pieces: readonly Piece[]): Described {
  const labelsOf = (key: string): Labels => host.workloads.get(key)?.attributes ?? NO_LABELS
  if (isOneDescription(pieces.map(({ series }) => series.identity))) return { pieces, labelsOf }
  const mostUs = capacityOf(pieces)
  const numbers = new Map<string, number>()
  const workloads: (DescribedWorkload & { readonly key: string; readonly told: ToldCpu[] })[] = []
  for (const { series, amount } of pieces) {
    const { workloadKind: kind, workloadId: id, quantity, source, quality } = series.identity
    if (kind === '') continue
    const key = workloadKey(kind, id)
    let number = numbers.get(key)
    if (number === undefined) {
      number = workloads.length
      numbers.set(key, number)
      workloads.push({ key, kind, id, labels: labelsOf(key), told: [] })
    }
    // What cannot be (aggregate.ts leaves it out) must not decide who is believed.
    const us = quantity === 'cpu_time' && amount <= mostUs ? amount : 0n
    workloads[number]!.told.push({ source, quality, us })
  }
  // In order of key: who is asked about first must not matter.
  const sorted = workloads.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  for (const [number, { key }] of sorted.entries()) numbers.set(key, number)
  const { asOf, counts, labels } = chooseWorkloads(sorted)
  return {
    labelsOf: key => {
      const number = numbers.get(key)
      return number === undefined ? NO_LABELS : labels[number]!
    },
    pieces: pieces.flatMap(piece => {
      const { identity } = piece.series
      if (identity.workloadKind === '') return [piece]
      const number = numbers.get(workloadKey(identity.workloadKind, identity.workloadId))!
      const as = asOf[number]!
      if (as === null || !counts(number, identity.source)) return []
      return as === number ? [piece] : [renamed(piece, sorted[as]!)]
    }),
  }
}

const UNKNOWN_US = 1n << 62n

/** No workload can have used more CPU time than the host had, by any source, with a margin for reading a moment apart. */
function capacityOf(pieces: readonly Piece[]): bigint {
  const bySource = new Map<string, bigint>()
  for (const { series, amount } of pieces) {
    const { workloadKind, quantity, source } = series.identity
    if (workloadKind === '' && quantity === 'cpu_time')
      bySource.set(source, (bySource.get(source) ?? 0n) + amount)
  }
  const most = [...bySource.values()].reduce((a, b) => larger(a, b), 0n)
  return most === 0n ? UNKNOWN_US : 2n * most
}

function renamed(piece: Piece, { kind, id }: { readonly kind: string; readonly id: string }): Piece {
  const identity = { ...piece.series.identity, workloadKind: kind, workloadId: id }
  return { ...piece, series: { ...piece.series, identity, place: placeOf(identity) } }
}

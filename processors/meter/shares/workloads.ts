/** Which workloads of a window are billed, and what they are called. */
import { heirOf, staysAsFinest } from '../../../core/books/finest.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { larger, sumOf } from '../../../core/model/integers.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { byteSeconds, microseconds } from '../../../core/model/quantity.ts'
import { workloadKey } from '../samples/keys.ts'
import type { WindowSlice } from '../windows/integrate.ts'
import type { WorkloadUse } from './aggregate.ts'

/** A workload as rows name it; empty texts for the host itself. */
export interface WorkloadName {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** Name and namespace from labels; the id where no label names it. */
export function workloadName({ kind, id }: { kind: string; id: string }, labels: LabelMap): WorkloadName {
  return {
    kind,
    id,
    name: labels['workload.name'] || id,
    namespace:
      labels['workload.namespace'] || labels['k8s.namespace.name'] || labels['service.namespace'] || '',
    labels,
  }
}

/** Workloads of a window with their names, in the same order. */
export interface NamedUses {
  readonly workloads: readonly WorkloadUse[]
  readonly names: readonly WorkloadName[]
}

/** Adds workloads that are named by readings of GPUs alone; all in order of key. */
export function withGpuUsers(
  workloads: readonly WorkloadUse[],
  ofGpus: readonly WindowSlice[],
): readonly WorkloadUse[] {
  if (ofGpus.length === 0) return workloads
  const found = new Map(workloads.map(use => [workloadKey(use.kind, use.id), use]))
  for (const { series } of ofGpus) {
    const { workloadKind: kind, workloadId: id } = series.identity
    if (kind === '') continue
    const key = workloadKey(kind, id)
    found.set(key, { ...(found.get(key) ?? { ...NOTHING_USED, kind, id }), usesGpu: true })
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use)
}

const NOTHING_USED = {
  cpuUs: microseconds(0n),
  byteSeconds: byteSeconds(0n),
  hasMemory: false,
  quality: 'measured',
} as const

/**
 * Those that stay: see core/books/finest.ts. GPU time of one that does not stay goes to the one that stands for it. Where there is
 * not one such, it stays for its GPU time alone.
 */
export function finestWorkloads(
  all: NamedUses,
): NamedUses & { readonly numberOf: (key: string) => number | undefined } {
  const stays = staysAsFinest(all.names)
  const heirs = all.workloads.map((use, index) =>
    use.usesGpu && !stays[index] ? heirOf(all.names, stays, index) : undefined,
  )
  const isKept = (index: number): boolean =>
    stays[index]! || (all.workloads[index]!.usesGpu === true && heirs[index] === undefined)
  const workloads = all.workloads.map((use, index) => (stays[index] ? use : { ...use, ...NOTHING_USED }))
  const numbers = new Map<string, number>()
  const kept = all.names.flatMap((_, index) => (isKept(index) ? [index] : []))
  const numberAt = new Map(kept.map((index, number) => [index, number]))
  for (const [index, { kind, id }] of all.names.entries()) {
    const number = numberAt.get(heirs[index] ?? index)
    if (number !== undefined) numbers.set(workloadKey(kind, id), number)
  }
  return { ...only({ workloads, names: all.names }, isKept), numberOf: key => numbers.get(key) }
}

/** Counters of workloads and of the host are read a moment apart. */
const SLACK_PERCENT = 5n
const SLACK_US = 100_000n

/** Whether workloads show more CPU time than the host was busy: some of it stands there twice. */
export const isOverBusy = (workloads: readonly WorkloadUse[], busyUs: bigint): boolean =>
  sumOf(workloads.map(({ cpuUs }) => cpuUs)) * 100n > busyUs * (100n + SLACK_PERCENT) + SLACK_US * 100n

/**
 * What to do about it: what is reported twice is usually a process, beside a container that nothing links them to. They share
 * what others leave of the busy time.
 */
export function withoutRepeats({ workloads, names }: NamedUses, busyUs: bigint): NamedUses {
  const isProcess = ({ kind }: WorkloadUse): boolean => kind === 'process'
  const left = larger(busyUs - cpuOf(workloads.filter(use => !isProcess(use))), 0n)
  const processes = workloads.filter(isProcess)
  const used = processes.map(({ cpuUs }) => cpuUs)
  if (sumOf(used) <= left) return { workloads, names }
  const parts = apportion(left, used)
  const cut = new Map(processes.map((use, index) => [use, { ...use, cpuUs: microseconds(parts[index]!) }]))
  return { workloads: workloads.map(use => cut.get(use) ?? use), names }
}

const cpuOf = (workloads: readonly WorkloadUse[]): bigint => sumOf(workloads.map(({ cpuUs }) => cpuUs))

const only = ({ workloads, names }: NamedUses, stays: (index: number) => boolean): NamedUses => ({
  workloads: workloads.filter((_, index) => stays(index)),
  names: names.filter((_, index) => stays(index)),
})

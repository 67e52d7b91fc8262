/** Which workloads of a window are billed, and what they are called. */
import { staysAsFinest } from '../../../core/books/finest.ts'
import { apportion } from '../../../core/model/apportion.ts'
import { larger, sumOf } from '../../../core/model/integers.ts'
import { microseconds } from '../../../core/model/quantity.ts'
import type { WorkloadUse } from './aggregate.ts'
import type { LabelSet } from './described.ts'

/** A workload as rows name it; empty texts for the host itself. */
export interface WorkloadName {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** Name and namespace from labels; the id where no label names it. */
export function workloadName({ kind, id }: { kind: string; id: string }, labels: LabelSet): WorkloadName {
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

/** Those that stay: see core/books/finest.ts. */
export function finestWorkloads(all: NamedUses): NamedUses {
  const stays = staysAsFinest(all.names)
  return only(all, index => stays[index]!)
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

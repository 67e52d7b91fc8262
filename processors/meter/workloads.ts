/** Which workloads of a window are billed, and what they are called. */
import { staysAsFinest } from '../../core/books/finest.ts'
import type { Labels } from './described.ts'
import type { WorkloadUse } from './gather.ts'

export interface Named {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

export function named({ kind, id }: { kind: string; id: string }, labels: Labels = {}): Named {
  return {
    kind,
    id,
    name: labels['workload.name'] || id,
    namespace:
      labels['workload.namespace'] || labels['k8s.namespace.name'] || labels['service.namespace'] || '',
    labels,
  }
}

/** Those that stay: see core/books/finest.ts. */
export function finestWorkloads(workloads: readonly WorkloadUse[], people: readonly Named[]) {
  const stays = staysAsFinest(people)
  return {
    workloads: workloads.filter((_, index) => stays[index]),
    people: people.filter((_, index) => stays[index]),
  }
}

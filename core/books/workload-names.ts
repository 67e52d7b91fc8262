/**
 * Names of workloads. Sources call one workload by different names: a container by its id, by pod and name, or by namespace, pod and
 * name; a VM by its UUID or by the name of its domain. The rules below are the names that a workload of each kind has, from its id
 * and its labels, best first: a workload whose id is a worse name of another one is that other one.
 */
import type { LabelMap } from '../model/label-text.ts'

interface NameRule {
  /** Name from labels; '' where they do not say it. */
  readonly said: (labels: LabelMap) => string
  /** Whether an id is a name of this form. */
  readonly isForm: (id: string) => boolean
}

const joined =
  (...keys: readonly string[]) =>
  (labels: LabelMap): string =>
    keys.every(key => labels[key]) ? keys.map(key => labels[key]).join('/') : ''
const parts = (id: string): number => id.split('/').length
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** By kind, the forms of names from the best to the worst. To join further names, add rows. */
const RULES: Readonly<Record<string, readonly NameRule[]>> = {
  container: [
    { said: joined('container.id'), isForm: id => parts(id) === 1 },
    { said: joined('k8s.pod.uid', 'k8s.container.name'), isForm: id => parts(id) === 2 },
    {
      said: joined('k8s.namespace.name', 'k8s.pod.name', 'k8s.container.name'),
      isForm: id => parts(id) === 3,
    },
  ],
  pod: [
    { said: joined('k8s.pod.uid'), isForm: id => parts(id) === 1 },
    { said: joined('k8s.namespace.name', 'k8s.pod.name'), isForm: id => parts(id) === 2 },
  ],
  vm: [
    { said: joined('vm.uuid'), isForm: id => UUID.test(id) },
    { said: joined('libvirt.domain'), isForm: id => !UUID.test(id) },
  ],
}

interface NamedForm {
  /** Form of the id, 0 for the best. */
  readonly rank: number
  /** Names that the workload has, by form; '' where none is known. */
  readonly names: readonly string[]
}

/** A workload by its kind, id and labels. */
interface Named {
  readonly kind: string
  readonly id: string
  readonly labels: LabelMap
}

/** Null: workloads of this kind have one name. */
function formOf({ kind, id, labels }: Named): NamedForm | null {
  const rules = Object.hasOwn(RULES, kind) ? RULES[kind]! : []
  const rank = rules.findIndex(({ isForm }) => isForm(id))
  if (rank < 0) return null
  return { rank, names: rules.map(({ said }, form) => (form === rank ? id : said(labels))) }
}

/** Whether the id is not the best name that workloads of its kind have: others may know it by a better one. */
export const isWorseName = (kind: string, id: string): boolean =>
  (formOf({ kind, id, labels: {} })?.rank ?? 0) > 0

/** Keys of all names of a workload; two of one kind that share one are the same. */
export const nameKeys = (workload: Named): readonly string[] => keysOf(workload.kind, formOf(workload))

const keysOf = (kind: string, named: NamedForm | null): string[] =>
  (named?.names ?? []).flatMap((name, form) => (name === '' ? [] : [`${kind}\u0000${form}\u0000${name}`]))

/**
 * For each workload, the index of the one that it is: its own, another with a better name, or null where several have its name
 * (containers of one name, one after the other: their ids tell them apart already).
 */
export function joinedNames(workloads: readonly Named[]): readonly (number | null)[] {
  const forms = workloads.map(formOf)
  const owners = new Map<string, number[]>()
  const keys = workloads.map(({ kind }, index) => keysOf(kind, forms[index]!))
  for (const [index, some] of keys.entries()) {
    for (const key of some) {
      const there = owners.get(key)
      if (there === undefined) owners.set(key, [index])
      else there.push(index)
    }
  }
  const found: (number | null)[] = workloads.map((_, index) => index)
  const order = [...found.keys()].sort((a, b) => (forms[a]?.rank ?? 0) - (forms[b]?.rank ?? 0))
  for (const index of order) {
    const rank = forms[index]?.rank ?? 0
    if (rank === 0) continue
    const others = new Set(keys[index]!.flatMap(key => owners.get(key)!))
    const better = [...others].filter(other => forms[other]!.rank < rank)
    const best = Math.min(...better.map(other => forms[other]!.rank))
    const same = new Set(better.filter(other => forms[other]!.rank === best).map(other => found[other]!))
    const [only] = same
    if (only !== undefined) found[index] = same.size === 1 ? only : null
  }
  return found
}

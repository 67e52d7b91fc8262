/** Labels of namespaces, where the configuration asks for any: teams often stand there and not on pods. */
import type { ListSink } from '../api/list-watch.ts'
import type { KubeObject } from '../api/objects.ts'
import { allowedEntries } from './allowed.ts'

const NONE: Readonly<Record<string, string>> = {}

/** The namespaces that are known, fed by a watch. */
export class NamespaceTable implements ListSink<KubeObject> {
  readonly #labels: ReturnType<typeof allowedEntries>
  #namespaces = new Map<string, Readonly<Record<string, string>>>()
  #listed: Map<string, Readonly<Record<string, string>>> | null = null

  constructor(labels: readonly string[]) {
    this.#labels = allowedEntries(labels, 'k8s.namespace.label.')
  }

  /** Attributes of everything in the namespace. */
  attributesOf(namespace: string): Readonly<Record<string, string>> {
    return this.#namespaces.get(namespace) ?? NONE
  }

  listing(): void {
    this.#listed = new Map()
  }

  put({ metadata }: KubeObject): void {
    const into = this.#listed ?? this.#namespaces
    into.set(metadata?.name ?? '', this.#labels(metadata?.labels))
  }

  removed({ metadata }: KubeObject): void {
    this.#namespaces.delete(metadata?.name ?? '')
  }

  listed(): void {
    this.#namespaces = this.#listed ?? this.#namespaces
    this.#listed = null
  }

  inSync(): void {}
}

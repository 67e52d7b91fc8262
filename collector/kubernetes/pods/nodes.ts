/** What the API says of nodes: where they are, of which type, and what their pods may reserve. */
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import { hostZoneOf, type RegionUnknown } from '../../readings/identity/host-zone.ts'
import type { ListSink } from '../api/list-watch.ts'
import type { KubeNode } from '../api/objects.ts'
import { allowedEntries } from './allowed.ts'
import { containerRequests, type Requests } from './requests.ts'

/** One node. */
export interface NodeFacts {
  readonly name: string
  /** Content of its /etc/machine-id, by which its own sensors name it; '' where it is not usable. */
  readonly machineId: string
  /** Grid zone, '' if the region is in no table. */
  readonly zone: string
  /** Region, type and provider's id. */
  readonly attributes: Readonly<Record<string, string>>
  readonly allocatable: Requests
}

const REGION = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']
const ZONE = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']
const TYPE = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type']
/** How OpenTelemetry calls the providers that begin `spec.providerID`. */
const PROVIDERS: Readonly<Record<string, string>> = { gce: 'gcp', oci: 'oracle_cloud' }
const MACHINE_ID = /^[0-9a-f]{32}$/

/** The nodes that are known, fed by a watch. */
export class NodeTable implements ListSink<KubeNode> {
  readonly #nodes = new Map<string, NodeFacts>()
  readonly #byMachine = new Map<string, Set<string>>()
  readonly #labels: (labels: Readonly<Record<string, string>> | undefined) => Readonly<Record<string, string>>
  readonly #regionUnknown: RegionUnknown | undefined
  #listed: Set<string> | null = null

  constructor(labels: readonly string[], regionUnknown?: RegionUnknown) {
    this.#labels = allowedEntries(labels, 'k8s.node.label.')
    this.#regionUnknown = regionUnknown
  }

  get(name: string): NodeFacts | undefined {
    return this.#nodes.get(name)
  }

  nodes(): Iterable<NodeFacts> {
    return this.#nodes.values()
  }

  /** Machines made from one image may have one id; then only their names tell them apart. */
  isShared(machineId: string): boolean {
    return (this.#byMachine.get(machineId)?.size ?? 0) > 1
  }

  listing(): void {
    this.#listed = new Set()
  }

  put({ metadata = {}, spec = {}, status = {} }: KubeNode): void {
    const { name, labels = {} } = metadata
    if (!name) return
    this.#listed?.add(name)
    const machineId = status.nodeInfo?.machineID?.replaceAll('-', '').toLowerCase() ?? ''
    const isUsable = MACHINE_ID.test(machineId)
    if (isUsable) this.#byMachine.set(machineId, (this.#byMachine.get(machineId) ?? new Set()).add(name))
    const first = (keys: readonly string[]): string => keys.map(key => labels[key]).find(Boolean) ?? ''
    const scheme = /^([a-z0-9]+):\/\//.exec(spec.providerID ?? '')?.[1] ?? ''
    const provider = PROVIDERS[scheme] ?? scheme
    const said = {
      'cloud.provider': provider,
      'cloud.region': first(REGION),
      'cloud.availability_zone': first(ZONE),
      'host.type': first(TYPE),
      'k8s.node.provider_id': spec.providerID ?? '',
    }
    this.#nodes.set(name, {
      name,
      machineId: isUsable ? machineId : '',
      zone: hostZoneOf({ point: {}, resource: said }, this.#regionUnknown),
      attributes: {
        ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== '')),
        ...this.#labels(labels),
      },
      allocatable: containerRequests({ requests: status.allocatable ?? status.capacity ?? {} }),
    })
  }

  removed({ metadata }: KubeNode): void {
    this.#remove(metadata?.name ?? '')
  }

  listed(): void {
    for (const name of this.#nodes.keys()) if (this.#listed?.has(name) === false) this.#remove(name)
    this.#listed = null
  }

  inSync(): void {}

  #remove(name: string): void {
    const node = this.#nodes.get(name)
    this.#nodes.delete(name)
    const sharing = this.#byMachine.get(node?.machineId ?? '')
    sharing?.delete(name)
    if (sharing?.size === 0) this.#byMachine.delete(node?.machineId ?? '')
  }
}

/** What a workload on the node says of the node; the provider's id and the labels stand on the node's own readings. */
export function placeAttributes(node: NodeFacts | undefined): Readonly<Record<string, string>> {
  if (node === undefined) return {}
  const place: Record<string, string> = {}
  for (const key of ['cloud.region', 'cloud.availability_zone', 'host.type']) {
    const value = node.attributes[key]
    if (value !== undefined) place[key] = value
  }
  return node.zone === '' ? place : { ...place, [ZONE_ATTRIBUTE]: node.zone }
}

/** Discovery: which groups, versions and metrics there are, as the aggregator of Kubernetes and `kubectl` ask for it. */

/** A metric as discovery names it. */
export interface DiscoveredResource {
  /** Name of the metric, or `deployments.apps/NAME` in the group of custom metrics. */
  readonly name: string
  readonly namespaced: boolean
}

/** A group of APIs with its versions, the preferred one first. */
export interface MetricGroup {
  readonly name: string
  readonly versions: readonly string[]
  /** Kind of the answers. */
  readonly kind: string
  readonly resources: () => readonly DiscoveredResource[]
}

const versionOf = (group: MetricGroup, version: string) => ({
  groupVersion: `${group.name}/${version}`,
  version,
})

const groupContent = (group: MetricGroup) => ({
  name: group.name,
  versions: group.versions.map(version => versionOf(group, version)),
  preferredVersion: versionOf(group, group.versions[0] ?? ''),
})

/** `/apis/GROUP` */
export const apiGroup = (group: MetricGroup) => ({
  kind: 'APIGroup',
  apiVersion: 'v1',
  ...groupContent(group),
})

/** `/apis` */
export const apiGroupList = (groups: readonly MetricGroup[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.map(groupContent),
})

/** `/apis/GROUP/VERSION` */
export const apiResourceList = (group: MetricGroup, version: string) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${group.name}/${version}`,
  resources: group.resources().map(({ name, namespaced }) => ({
    name,
    singularName: '',
    namespaced,
    kind: group.kind,
    verbs: ['get'],
  })),
})

/** Versions of aggregated discovery, the newest first. */
const AGGREGATED = ['v2', 'v2beta1']

/** The version of aggregated discovery that a client accepts; undefined: it wants the plain list. */
export const aggregatedVersion = (accept: string): string | undefined =>
  accept
    .split(',')
    .map(range => new Set(range.split(';').map(part => part.trim())))
    .filter(parts => parts.has('g=apidiscovery.k8s.io') && parts.has('as=APIGroupDiscoveryList'))
    .flatMap(parts => AGGREGATED.filter(version => parts.has(`v=${version}`)))[0]

/** Media type of aggregated discovery. */
export const aggregatedType = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`

/** `/apis`, with the resources of all groups at once. */
export const groupDiscoveryList = (groups: readonly MetricGroup[], version: string) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groups.map(group => ({
    metadata: { name: group.name, creationTimestamp: null },
    versions: group.versions.map(one => ({
      version: one,
      freshness: 'Current',
      resources: group.resources().map(({ name, namespaced }) => ({
        resource: name,
        responseKind: { group: group.name, version: one, kind: group.kind },
        scope: namespaced ? 'Namespaced' : 'Cluster',
        singularResource: '',
        verbs: ['get'],
      })),
    })),
  })),
})

const INFO = { title: 'Wattline', version: 'v1' }

/** `/openapi/v2`: the aggregator asks for it again and again, and merges its paths into those of the cluster. */
export const OPENAPI_V2 = { swagger: '2.0', info: INFO, paths: {} }

/** `/openapi/v3`: where the document of each group and version is. */
export const openapiIndex = (groups: readonly MetricGroup[]) => ({
  paths: Object.fromEntries(
    groups.flatMap(({ name, versions }) =>
      versions.map(version => [
        `apis/${name}/${version}`,
        { serverRelativeURL: `/openapi/v3/apis/${name}/${version}?hash=1` },
      ]),
    ),
  ),
})

/** The document of a group and version: the paths of metrics depend on the policies, so it has none. */
export const OPENAPI_V3 = { openapi: '3.0.0', info: INFO, paths: {} }

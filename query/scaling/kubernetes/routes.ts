/** Paths of the metric APIs, and what answers them. */
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { quoteHeader } from '../../../core/http/quote-header.ts'
import type { ScalingAnswers } from '../../../core/scaling/answer.ts'
import type { NamespaceTenants } from '../tenants.ts'
import {
  aggregatedType,
  aggregatedVersion,
  apiGroup,
  apiGroupList,
  apiResourceList,
  groupDiscoveryList,
  type MetricGroup,
  OPENAPI_V2,
  OPENAPI_V3,
  openapiIndex,
} from './discovery.ts'
import { type CustomVersion, customMetrics, externalMetrics, resourceOf } from './metrics.ts'

/** What the routes work with. */
export interface MetricRouteParts {
  readonly answers: ScalingAnswers
  readonly tenantOf: NamespaceTenants
  /** Tenants of all namespaces. */
  readonly tenants: readonly string[]
  readonly events: Events
}

/** An answer: text, or an object that becomes JSON. */
export interface RouteAnswer {
  readonly type: string
  readonly body: unknown
}

/** Answers a path. @throws WattlineError */
export type MetricRoutes = (path: string, query: URLSearchParams, accept: string) => RouteAnswer

const EXTERNAL = 'external.metrics.k8s.io'
const CUSTOM = 'custom.metrics.k8s.io'
const JSON_TYPE = 'application/json'
const HEALTH = ['healthz', 'livez', 'readyz']

/** The routes of both groups. */
export function metricApiRoutes(parts: MetricRouteParts): MetricRoutes {
  const groups = groupsOf(parts)
  return (path, query, accept) => {
    const [first = '', ...rest] = segmentsOf(path)
    if (first === 'openapi') return json(openapi(groups, rest))
    if (HEALTH.includes(first)) return { type: 'text/plain; charset=utf-8', body: 'ok' }
    if (first !== 'apis') throw nothingAt(path)
    const [name, version, ...more] = rest
    if (name === undefined) return discovery(groups, accept)
    const group = groups.find(one => one.name === name)
    if (group === undefined) throw nothingAt(path)
    if (version === undefined) return json(apiGroup(group))
    if (!group.versions.includes(version)) throw nothingAt(path)
    if (more.length === 0) return json(apiResourceList(group, version))
    const asked = { path, more, query }
    return json(name === EXTERNAL ? external(parts, asked) : custom(parts, asked, version as CustomVersion))
  }
}

interface AskedPath {
  readonly path: string
  /** Segments after the version. */
  readonly more: readonly string[]
  readonly query: URLSearchParams
}

/** `namespaces/NAMESPACE/METRIC` */
function external(
  { answers, tenantOf, events }: MetricRouteParts,
  { path, more, query }: AskedPath,
): unknown {
  const [word, namespace = '', metric = '', ...rest] = more
  if (word !== 'namespaces' || metric === '' || rest.length > 0) throw nothingAt(path)
  const asked = { namespace, tenant: tenantOf(namespace) }
  const list = externalMetrics(answers, asked, metric, query.get('labelSelector') ?? '')
  events.emit('autoscalerAnswered', { door: 'external' })
  return list
}

/** `namespaces/NAMESPACE/RESOURCE/NAME/METRIC` */
function custom(
  { answers, tenantOf, events }: MetricRouteParts,
  { path, more, query }: AskedPath,
  version: CustomVersion,
): unknown {
  const [word, namespace = '', resource = '', name = '', metric = '', ...rest] = more
  if (word !== 'namespaces' || metric === '' || rest.length > 0) throw nothingAt(path)
  if ((query.get('labelSelector') ?? '') !== '') {
    throw new WattlineError(
      'parameter_invalid',
      'labelSelector selects objects by their labels, which are not known here. Name the object, or select metrics with metricLabelSelector.',
    )
  }
  const asked = { namespace, resource, name, tenant: tenantOf(namespace) }
  const metricSelector = query.get('metricLabelSelector') ?? ''
  const list = customMetrics(answers, asked, metric, { version, metricSelector })
  events.emit('autoscalerAnswered', { door: 'custom' })
  return list
}

function discovery(groups: readonly MetricGroup[], accept: string): RouteAnswer {
  const version = aggregatedVersion(accept)
  if (version === undefined) return json(apiGroupList(groups))
  return { type: aggregatedType(version), body: groupDiscoveryList(groups, version) }
}

function openapi(groups: readonly MetricGroup[], [version, ...rest]: readonly string[]): unknown {
  if (version === 'v2' && rest.length === 0) return OPENAPI_V2
  if (version === 'v3' && rest.length === 0) return openapiIndex(groups)
  const [apis, name, groupVersion, ...more] = rest
  const group = groups.find(one => one.name === name)
  if (
    version === 'v3' &&
    apis === 'apis' &&
    more.length === 0 &&
    group?.versions.includes(groupVersion ?? '') === true
  )
    return OPENAPI_V3
  throw nothingAt(['openapi', version, ...rest].join('/'))
}

/**
 * Every user of a cluster may read discovery, so it names the metrics of a tenant only where all namespaces belong to that
 * tenant.
 */
function groupsOf({ answers, tenants }: MetricRouteParts): readonly MetricGroup[] {
  const [only] = new Set(tenants).size === 1 ? tenants : []
  const all = () => (only === undefined ? [] : answers.list(only))
  const resources = (some: string, names: () => readonly string[]) => () =>
    [...new Set([some, ...names()])].map(name => ({ name, namespaced: true }))
  return [
    {
      name: EXTERNAL,
      versions: ['v1beta1'],
      kind: 'ExternalMetricValueList',
      resources: resources('externalmetrics', () => all().map(({ metric }) => metric.name)),
    },
    {
      name: CUSTOM,
      versions: ['v1beta2', 'v1beta1'],
      kind: 'MetricValueList',
      resources: resources('custommetrics', () =>
        all().flatMap(({ metric, object }) =>
          object === null ? [] : [`${resourceOf(object)}/${metric.name}`],
        ),
      ),
    },
  ]
}

function segmentsOf(path: string): readonly string[] {
  const segments = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  try {
    return segments.map(decodeURIComponent)
  } catch {
    throw new WattlineError(
      'parameter_invalid',
      `The path ${quoteHeader(path)} is not percent-encoded UTF-8.`,
    )
  }
}

const json = (body: unknown): RouteAnswer => ({ type: JSON_TYPE, body })

const nothingAt = (path: string): WattlineError =>
  new WattlineError('not_found', `There is nothing at ${quoteHeader(path)}.`)

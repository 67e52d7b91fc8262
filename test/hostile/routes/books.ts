/** Requests about the books: allocations as OpenCost asks for them, usage and requests; and every other route. */
import type { Draw } from './draw.ts'
import { getOf, type HostileRequest, type RequestKind } from './request.ts'
import { ACCOUNTS, HOSTS, NAMESPACES, nameIn, rangeIn, SEEN, SERVICES, traceIdIn, windowIn } from './words.ts'

const WORKLOADS = ['w0', 'w1'] as const
const NAMES = [...ACCOUNTS, ...HOSTS, ...NAMESPACES, ...WORKLOADS, SEEN]

const AGGREGATES = [
  ...['cluster', 'node', 'namespace', 'controller', 'controllerKind', 'pod', 'container', 'account', 'zone'],
  ...['deployment', 'label:owner', 'annotation:owner', 'team', 'department', 'label:SECRET-1'],
]
const FIELDS = [
  'node',
  'namespace',
  'container',
  'account',
  'zone',
  'cluster',
  'label[owner]',
  'team',
] as const

const term = (draw: Draw): string =>
  `${draw.of(FIELDS)}${draw.of([':', '!:', '~:', '!~:', '<~:', '~>:'])}"${nameIn(draw, NAMES)}"`

const filter = (draw: Draw): string =>
  draw.call([
    () => term(draw),
    () => `${term(draw)}${draw.of(['+', '|'])}${term(draw)}`,
    () => `(${term(draw)}|${term(draw)})+${term(draw)}`,
    () => `${term(draw)},"${nameIn(draw, NAMES)}"`,
  ])

const allocationWindow = (draw: Draw): string => {
  const [from, to] = rangeIn(draw)
  return draw.of(['2h', '1d', 'today', 'week', `${from},${to}`])
}

/** Shares for tokens limited to accounts depend on what others used, by definition; `isShared` says whether one is asked for. */
function allocation(draw: Draw): HostileRequest {
  const query = draw.parameters(
    {
      aggregate: () => draw.some(AGGREGATES, 3).join(','),
      step: () => draw.of(['30m', '1h', 'day']),
      accumulate: () => draw.of(['true', 'false', 'hour', 'day']),
      includeIdle: () => draw.of(['true', 'false']),
      idleByNode: () => draw.of(['true', 'false']),
      filter: () => filter(draw),
      filterNamespaces: () => nameIn(draw, NAMESPACES),
      filterLabels: () => `owner:${nameIn(draw, [SEEN])}`,
      limit: () => String(1 + draw.below(5)),
      offset: () => String(draw.below(3)),
      includeAggregatedMetadata: () => 'true',
    },
    0.25,
  )
  query.set('window', allocationWindow(draw))
  return getOf('allocation', allocationPath(draw), query)
}

const allocationPath = (draw: Draw): string =>
  draw.of(['/allocation', '/allocation/compute', '/model/allocation', '/model/allocation/compute'])

function sharedAllocation(draw: Draw): HostileRequest {
  const asked = allocation(draw)
  const [path, text] = asked.path.split('?')
  const query = new URLSearchParams(text)
  const shares = {
    shareNamespaces: () => nameIn(draw, NAMESPACES),
    shareLabels: () => `owner:${nameIn(draw, [SEEN])}`,
    shareCost: () => '100',
    shareSplit: () => draw.of(['even', 'weighted']),
  }
  for (const [name, value] of draw.parameters(shares, 0.6)) query.set(name, value)
  return getOf('shared allocation', path ?? '', query)
}

function idleAllocation(draw: Draw): HostileRequest {
  const asked = sharedAllocation(draw)
  return { ...asked, kind: 'shared idle', path: `${asked.path}&shareIdle=${draw.of(['weighted', 'even'])}` }
}

const DIMENSIONS = [
  'account',
  'namespace',
  'workload',
  'workload_id',
  'kind',
  'host',
  'zone',
  'component',
  'share',
]
const REQUEST_DIMENSIONS = [
  'service',
  'operation',
  'account',
  'namespace',
  'workload',
  'host',
  'trace',
  'model',
]

const usage = (draw: Draw): HostileRequest =>
  draw.call([
    () =>
      getOf(
        'usage',
        '/api/v1/usage',
        draw.parameters(
          {
            window: () => windowIn(draw),
            group_by: () => draw.some(DIMENSIONS, 4).join(','),
            filter: () => `${draw.of(DIMENSIONS)}:${nameIn(draw, NAMES)}`,
            step: () => draw.of(['1h', '30m', '1d']),
            include_idle: () => draw.of(['true', 'false']),
            limit: () => String(1 + draw.below(9)),
          },
          0.5,
        ),
      ),
    () =>
      getOf(
        'requests',
        '/api/v1/requests',
        draw.parameters(
          {
            window: () => windowIn(draw),
            group_by: () => draw.some(REQUEST_DIMENSIONS, 4).join(','),
            filter: () => `${draw.of(REQUEST_DIMENSIONS)}:${nameIn(draw, [...NAMES, ...SERVICES])}`,
          },
          0.6,
        ),
      ),
    () => getOf('service map', '/api/v1/service-map', draw.parameters({ window: () => windowIn(draw) }, 0.8)),
    () =>
      getOf(
        'traces',
        '/api/v1/traces',
        draw.parameters(
          { service: () => nameIn(draw, SERVICES), limit: () => String(1 + draw.below(9)) },
          0.5,
        ),
      ),
    () => getOf('trace', `/api/v1/traces/${traceIdIn(draw)}`),
    () =>
      getOf(
        'live',
        '/api/v1/live',
        draw.parameters({ host: () => nameIn(draw, HOSTS), minutes: () => '60' }, 0.6),
      ),
    () => getOf('exports', '/api/v1/exports'),
  ])

/** Covered by kinds of their own. */
const KNOWN =
  /^\w+ (\/prometheus\/|\/federate|\/jaeger\/|\/tempo\/|(\/model)?\/allocation|\/clickhouse|(\/gnocchi)?\/v1\/|(\/cloudkitty)?\/v2\/|\/api\/v1\/(query|query_range|query_exemplars|series|labels|label|metadata|format_query|parse_query|features|status)(\/|$))/
const WORDS = [...NAMES, ...SERVICES, 'hot', 'web']

/** Values that parameters of paths and queries get, for routes that nothing more is known of. */
const anyWord = (draw: Draw): string =>
  draw.call([
    () => nameIn(draw, WORDS),
    () => traceIdIn(draw),
    () => windowIn(draw),
    () => String(draw.below(20)),
  ])

/** Names of parameters that many routes have. */
const PARAMETERS = [
  'window',
  'limit',
  'name',
  'period',
  'account',
  'zone',
  'location',
  'filter',
  'group_by',
  'from',
  'to',
]

/** Any route that is read by GET, so that routes that are added later are attacked from their first day. */
function anyRoute(draw: Draw, routes: readonly string[]): HostileRequest {
  const others = routes.filter(route => route.startsWith('GET ') && !KNOWN.test(route))
  const route = draw.of(others)
  const path = route
    .slice('GET '.length)
    .replaceAll(/:\w+|\*/g, () => encodeURIComponent(anyWord(draw) || 'x'))
  const query = new URLSearchParams()
  for (const name of draw.some(PARAMETERS, 2)) query.set(name, anyWord(draw))
  return getOf(route, path, query)
}

export const BOOKS: readonly RequestKind[] = [
  { name: 'allocations', routes: /^GET (\/model)?\/allocation/, make: allocation },
  { name: 'shared allocations', routes: /^$/, make: sharedAllocation },
  {
    name: 'usage',
    routes: /^GET \/api\/v1\/(usage|requests|service-map|traces|traces\/:id|live|exports)$/,
    make: usage,
  },
  { name: 'any other route', routes: /^GET /, make: anyRoute },
]

/** For callers who see all of a tenant: a share of idle energy depends on everything that the tenant used. */
export const SHARED_IDLE: RequestKind = { name: 'shared idle', routes: /^$/, make: idleAllocation }

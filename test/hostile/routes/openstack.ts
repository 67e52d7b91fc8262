/** Requests as Gnocchi's and CloudKitty's clients send them. */
import type { Draw } from './draw.ts'
import { getOf, type HostileRequest, type RequestKind } from './request.ts'
import { ACCOUNTS, HOSTS, NAMESPACES, nameIn, patternIn, rangeIn, SERVICES } from './words.ts'

const IDS = [...HOSTS, 'w0', 'w1', ...SERVICES, 'h1:1']
const TYPES = ['generic', 'instance', 'workload', 'host', 'service', 'volume', 'nothing'] as const
const METRICS = [
  ...['wattline_energy_joules', 'wattline_power_watts', 'wattline_cost_eur', 'wattline_cpu_seconds'],
  ...['load', 'requests', 'latency', 'sizes', 'quant'],
] as const
const ATTRIBUTES = [
  'id',
  'original_resource_id',
  'project_id',
  'display_name',
  'host',
  'namespace',
  'zone',
  'type',
]
const VALUES = [...ACCOUNTS, ...IDS, ...NAMESPACES]

const word = (draw: Draw, visible: readonly string[]): string =>
  encodeURIComponent(nameIn(draw, visible) || 'x')

/** A filter of Gnocchi's search, as JSON. */
const filter = (draw: Draw, depth = 1): unknown =>
  draw.call<unknown>([
    () => ({ [draw.of(['=', '!=', 'like', '>', '<='])]: { [draw.of(ATTRIBUTES)]: nameIn(draw, VALUES) } }),
    () => ({ like: { [draw.of(ATTRIBUTES)]: draw.of(['%', 'S%', '%-1%', 'w_']) } }),
    () => ({ in: { [draw.of(ATTRIBUTES)]: [nameIn(draw, VALUES), nameIn(draw, VALUES)] } }),
    ...(depth === 0
      ? []
      : [
          () => ({ [draw.of(['and', 'or'])]: [filter(draw, 0), filter(draw, 0)] }),
          () => ({ not: filter(draw, 0) }),
        ]),
  ])

const span = (draw: Draw): URLSearchParams => {
  const [start, stop] = rangeIn(draw)
  const query = draw.parameters(
    {
      aggregation: () => draw.of(['mean', 'sum', 'count', 'max', 'rate:mean', '95pct', 'last']),
      granularity: () => draw.of(['60', '300', '3600', '86400']),
      fill: () => draw.of(['0', 'null', 'dropna']),
      needed_overlap: () => draw.of(['0', '50', '100']),
    },
    0.5,
  )
  query.set('start', String(start))
  query.set('stop', String(stop))
  return query
}

const post = (path: string, query: URLSearchParams, body: unknown): HostileRequest => ({
  ...getOf('gnocchi', path, query),
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

const gnocchi = (draw: Draw): HostileRequest => {
  const resource = `/v1/resource/${draw.of(TYPES)}`
  const one = `${resource}/${word(draw, IDS)}`
  const list = draw.parameters({ limit: () => '3', details: () => 'true', sort: () => 'id:desc' }, 0.3)
  return draw.call([
    () => getOf('gnocchi metrics', '/v1/metric', list),
    () => getOf('gnocchi resources', resource, list),
    () =>
      getOf(
        'gnocchi resource',
        `${one}${draw.of(['', '/history', '/metric', `/metric/${draw.of(METRICS)}`])}`,
      ),
    () => getOf('gnocchi measures', `${one}/metric/${draw.of(METRICS)}/measures`, span(draw)),
    () => post(`/v1/search/resource/${draw.of(TYPES)}`, list, filter(draw)),
    () =>
      post('/v1/aggregates', span(draw), {
        operations: `(aggregate ${draw.of(['sum', 'mean', 'count'])} (metric ${draw.of(METRICS)} ${draw.of(['mean', 'sum'])}))`,
        resource_type: draw.of(TYPES),
        search: draw.of<unknown>([filter(draw), `id like '%'`, {}]),
      }),
    () => {
      const query = span(draw)
      for (const name of draw.some(ATTRIBUTES, 2)) query.append('groupby', name)
      const path = `/v1/aggregation/resource/${draw.of(TYPES)}/metric/${draw.of(METRICS)}`
      return post(path, query, filter(draw))
    },
  ])
}

const GROUPS = ['type', 'project_id', 'id', 'name', 'namespace', 'host', 'zone', 'time', 'time-d', 'time-m']

const cloudkitty = (draw: Draw): HostileRequest => {
  const [begin, end] = rangeIn(draw)
  const query = new URLSearchParams({
    begin: new Date(begin * 1_000).toISOString().slice(0, 19),
    end: new Date(end * 1_000).toISOString().slice(0, 19),
  })
  for (const name of draw.some(GROUPS, 3)) query.append('groupby', name)
  for (const name of draw.some(['project_id', 'id', 'host', 'namespace', 'type'], 2))
    query.append('filters', `${name}:${nameIn(draw, VALUES)}`)
  return getOf('cloudkitty', `/v2/${draw.of(['summary', 'summary', 'dataframes', 'scope'])}`, query)
}

/** Names that a caller may not know are not there for him, also by patterns. */
const byPattern = (draw: Draw): HostileRequest =>
  getOf(
    'gnocchi metrics by pattern',
    '/v1/metric',
    new URLSearchParams({ name: draw.of([patternIn(draw, [...METRICS]), draw.of(METRICS)]) }),
  )

export const OPENSTACK: readonly RequestKind[] = [
  {
    name: 'Gnocchi',
    routes: /^(GET|POST) (\/gnocchi)?\/v1\/(metric|resource|aggregat|search)/,
    make: draw => (draw.chance(0.1) ? byPattern(draw) : gnocchi(draw)),
  },
  { name: 'CloudKitty', routes: /^GET (\/cloudkitty)?\/v2\//, make: cloudkitty },
]

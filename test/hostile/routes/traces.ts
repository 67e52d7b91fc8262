/** Requests of Jaeger (its query API, and its storage over gRPC) and Tempo. */
import { timestamp } from '../../query/jaeger/jaeger-rig.ts'
import type { Draw } from './draw.ts'
import { getOf, type HostileRequest, type RequestKind } from './request.ts'
import { nameIn, patternIn, rangeIn, SEEN, SERVICES, traceIdIn } from './words.ts'

const OPERATIONS = ['GET /cart', 'charge'] as const
const KEYS = ['owner', 'http.route', 'n', 'service.name', 'SECRET-1', 'exception.type'] as const
const KINDS = ['', 'server', 'client', 'internal', 'nothing'] as const
const DURATIONS = ['1ms', '10ms', '1s', '100us'] as const

/** An id as clients may write it. */
const idIn = (draw: Draw): string => {
  const id = traceIdIn(draw)
  return draw.of([id, id, id.replace(/^0+/, ''), id.toUpperCase(), id.slice(0, 31)])
}

function tagsIn(draw: Draw): string {
  const tags = draw.some(KEYS, 2).map(key => [key, nameIn(draw, [SEEN, '/cart', '1'])] as const)
  return JSON.stringify(Object.fromEntries(tags))
}

function jaegerSearch(draw: Draw): HostileRequest {
  const micros = (seconds: number): string => `${seconds}000000`
  const [from, to] = rangeIn(draw)
  const query = draw.parameters(
    {
      operation: () => nameIn(draw, OPERATIONS),
      tags: () => tagsIn(draw),
      tag: () => `${draw.of(KEYS)}:${nameIn(draw, [SEEN])}`,
      minDuration: () => draw.of(DURATIONS),
      maxDuration: () => draw.of(DURATIONS),
      limit: () => String(1 + draw.below(9)),
    },
    0.3,
  )
  if (draw.chance(0.95)) query.set('service', nameIn(draw, SERVICES))
  if (draw.chance(0.8)) {
    query.set('start', micros(from))
    query.set('end', micros(to))
  }
  return getOf('jaeger traces', '/jaeger/api/traces', query)
}

function jaegerSearchV3(draw: Draw): HostileRequest {
  const [from, to] = rangeIn(draw)
  const query = draw.parameters(
    {
      'query.service_name': () => nameIn(draw, SERVICES),
      'query.operation_name': () => nameIn(draw, OPERATIONS),
      'query.attributes': () => tagsIn(draw),
      'query.duration_min': () => draw.of(DURATIONS),
      'query.search_depth': () => String(1 + draw.below(9)),
    },
    0.4,
  )
  query.set('query.start_time_min', new Date(from * 1_000).toISOString())
  query.set('query.start_time_max', new Date(to * 1_000).toISOString())
  return getOf('jaeger v3 traces', '/jaeger/api/v3/traces', query)
}

const jaeger = (draw: Draw): HostileRequest =>
  draw.call([
    () => jaegerSearch(draw),
    () => jaegerSearchV3(draw),
    () => getOf('jaeger services', draw.of(['/jaeger/api/services', '/jaeger/api/v3/services'])),
    () =>
      getOf(
        'jaeger operations',
        `/jaeger/api/services/${encodeURIComponent(nameIn(draw, SERVICES) || 'x')}/operations`,
      ),
    () =>
      getOf(
        'jaeger operations',
        draw.of(['/jaeger/api/operations', '/jaeger/api/v3/operations']),
        new URLSearchParams({
          service: nameIn(draw, SERVICES),
          spanKind: draw.of(KINDS),
          span_kind: draw.of(KINDS),
        }),
      ),
    () =>
      getOf(
        'jaeger traces by id',
        '/jaeger/api/traces',
        new URLSearchParams(Array.from({ length: 1 + draw.below(4) }, () => ['traceID', idIn(draw)])),
      ),
    () => getOf('jaeger trace', `/jaeger/api/${draw.of(['', 'v3/'])}traces/${idIn(draw)}`),
    () => {
      const [from, to] = rangeIn(draw)
      return getOf(
        'jaeger dependencies',
        '/jaeger/api/dependencies',
        new URLSearchParams({
          endTs: `${to}000`,
          lookback: `${to - from}000`,
          ...(draw.chance(0.4) ? { service: nameIn(draw, SERVICES) } : {}),
        }),
      )
    },
  ])

const call = (path: string, message: object): HostileRequest => ({
  kind: `storage ${path}`,
  listener: 'jaeger',
  method: 'POST',
  path,
  message,
})

function storage(draw: Draw): HostileRequest {
  const [from, to] = rangeIn(draw)
  const search = {
    query: {
      service_name: draw.of([nameIn(draw, SERVICES), '']),
      operation_name: draw.chance(0.3) ? nameIn(draw, OPERATIONS) : '',
      attributes: draw
        .some(KEYS, 2)
        .map(key => ({ key, value: { string_value: nameIn(draw, [SEEN, '/cart']) } })),
      start_time_min: timestamp(from * 1_000),
      start_time_max: timestamp(to * 1_000),
      search_depth: draw.below(20),
    },
  }
  return draw.call([
    () => call('GetServices', {}),
    () => call('GetOperations', { service: nameIn(draw, SERVICES), span_kind: draw.of(KINDS) }),
    () => call('FindTraces', search),
    () => call('FindTraceIDs', search),
    () =>
      call('GetTraces', {
        query: Array.from({ length: 1 + draw.below(4) }, () => ({
          trace_id: Buffer.from(traceIdIn(draw), 'hex'),
        })),
      }),
    () => call('GetDependencies', { start_time: timestamp(from * 1_000), end_time: timestamp(to * 1_000) }),
  ])
}

const FIELDS = [
  ...['.owner', 'span.owner', 'resource.owner', 'event.owner', 'link.owner', 'resource.service.name'],
  ...[
    'name',
    'status',
    'statusMessage',
    'kind',
    'rootName',
    'rootServiceName',
    'trace:id',
    'span:id',
    'event:name',
  ],
  ...['duration', 'traceDuration', 'span.n', '.nothing', 'link:traceID', 'instrumentation:name'],
] as const

function comparison(draw: Draw): string {
  const field = draw.of(FIELDS)
  if (/uration$/.test(field)) return `${field} ${draw.of(['>', '<', '>='])} ${draw.of(DURATIONS)}`
  if (field === 'span.n') return `${field} ${draw.of(['>', '<', '='])} ${draw.of(['1', '10', '1000000'])}`
  if (field === 'status') return `${field} ${draw.of(['=', '!='])} ${draw.of(['error', 'ok', 'unset'])}`
  if (field === 'kind') return `${field} = ${draw.of(['server', 'client', 'internal'])}`
  const visible = [SEEN, ...SERVICES, ...OPERATIONS, traceIdIn(draw)]
  return draw.chance(0.4)
    ? `${field} ${draw.of(['=~', '!~'])} "${patternIn(draw, visible).replaceAll('\\', '\\\\')}"`
    : `${field} ${draw.of(['=', '!='])} "${nameIn(draw, visible)}"`
}

const condition = (draw: Draw): string =>
  draw.call([
    () => comparison(draw),
    () => comparison(draw),
    () => `${comparison(draw)} ${draw.of(['&&', '||'])} ${comparison(draw)}`,
    () => `!(${comparison(draw)})`,
    () => 'true',
  ])

/** A query in TraceQL. */
function traceQl(draw: Draw): string {
  const braces = (): string => `{ ${condition(draw)} }`
  const set = draw.call([
    braces,
    braces,
    () => `${braces()} ${draw.of(['&&', '||', '>', '<', '~'])} ${braces()}`,
  ])
  const stage = draw.of([
    '',
    '',
    ' | count() > 1',
    ' | avg(duration) > 1ms',
    ' | max(span.n) < 100',
    ` | { ${condition(draw)} }`,
    ' | select(span.owner, .http.route)',
  ])
  return set + stage
}

function tempoWindow(draw: Draw, query: URLSearchParams): URLSearchParams {
  if (draw.chance(0.3)) return query
  const [from, to] = rangeIn(draw)
  query.set('start', String(from))
  query.set('end', String(to))
  return query
}

function tempoSearch(draw: Draw): HostileRequest {
  const query = draw.parameters(
    { limit: () => String(1 + draw.below(30)), spss: () => draw.of(['1', '10']) },
    0.4,
  )
  if (draw.chance(0.8)) query.set('q', traceQl(draw))
  else {
    query.set('tags', `${draw.of(KEYS)}="${nameIn(draw, [SEEN, ...SERVICES])}"`)
    query.set('minDuration', draw.of(DURATIONS))
  }
  return getOf('tempo search', '/tempo/api/search', tempoWindow(draw, query))
}

const tempo = (draw: Draw): HostileRequest =>
  draw.call([
    () => tempoSearch(draw),
    () => tempoSearch(draw),
    () => tempoSearch(draw),
    () =>
      getOf(
        'tempo tags',
        `/tempo/api/${draw.of(['', 'v2/'])}search/tags`,
        tempoWindow(
          draw,
          draw.parameters({ scope: () => draw.of(['span', 'resource', 'event', 'link', 'intrinsic']) }, 0.5),
        ),
      ),
    () =>
      getOf(
        'tempo tag values',
        `/tempo/api/${draw.of(['', 'v2/'])}search/tag/${encodeURIComponent(draw.of([...FIELDS, ...KEYS]))}/values`,
        tempoWindow(draw, draw.parameters({ q: () => traceQl(draw) }, 0.5)),
      ),
    () => ({
      ...getOf('tempo trace', `/tempo/api/${draw.of(['', 'v2/'])}traces/${idIn(draw)}`),
      ...(draw.chance(0.4) ? { headers: { accept: 'application/protobuf' } } : {}),
    }),
    () =>
      getOf(
        'tempo status',
        draw.of(['/tempo/api/echo', '/tempo/api/status/buildinfo', '/tempo/api/metrics/query']),
      ),
  ])

export const TRACES: readonly RequestKind[] = [
  { name: 'Jaeger', routes: /^GET \/jaeger\//, make: jaeger },
  { name: 'Jaeger storage', routes: /^$/, make: storage },
  { name: 'Tempo', routes: /^GET \/tempo\//, make: tempo },
]

/** Requests to the Prometheus API: expressions of all kinds over selectors that would also match hidden rows. */
import type { Draw } from './draw.ts'
import { askedBy, getOf, type HostileRequest, type RequestKind } from './request.ts'
import {
  ACCOUNTS,
  AT_S,
  HOSTS,
  NAMESPACES,
  NOW_S,
  nameIn,
  patternIn,
  rangeIn,
  SEEN,
  SERVICES,
} from './words.ts'

const NAMES = [
  ...[
    'load',
    'requests_total',
    'latency_bucket',
    'latency_sum',
    'sizes',
    'quant',
    'quant_count',
    'target_info',
  ],
  ...[
    'wattline_energy_joules',
    'wattline_hourly_cost',
    'wattline_power_watts',
    'wattline_daily_carbon_grams',
  ],
  'wattline_carbon_intensity_grams_per_kwh',
]
const LABELS: Readonly<Record<string, readonly string[]>> = {
  __name__: NAMES,
  owner: [SEEN],
  zone: ['z0', 'z1', 'DE'],
  job: SERVICES,
  instance: ['h1:1', 'h2:1'],
  account: ACCOUNTS,
  host: HOSTS,
  namespace: NAMESPACES,
  workload: ['w0', 'w1'],
  tenant: ['mine', 'theirs'],
  Tenant: ['mine', 'theirs'],
  le: ['0.5', '1', '+Inf'],
  quantile: ['0.5', '0.9'],
}
const LABEL_NAMES = Object.keys(LABELS)

function matcher(draw: Draw): string {
  const label = draw.of(LABEL_NAMES)
  const operator = draw.of(['=', '=~', '!=', '!~'])
  const visible = LABELS[label] ?? []
  const value = operator.endsWith('~') ? patternIn(draw, visible) : nameIn(draw, visible)
  return `${label}${operator}"${value.replaceAll('\\', '\\\\')}"`
}

/** A selector; Prometheus refuses one that everything could match. */
export function selector(draw: Draw): string {
  const matchers = Array.from({ length: draw.below(3) }, () => matcher(draw))
  const name = draw.chance(0.6) ? draw.of(NAMES) : ''
  const some = name === '' ? [`__name__=~"${draw.of(['.+', 'SECRET.+', '[a-zA-Z]+.*', 'wattline_.+'])}"`] : []
  const all = [...some, ...matchers]
  return all.length === 0 ? name : `${name}{${all.join(',')}}`
}

const RANGES = ['1m', '5m', '10m', '1h', '7d']
const time = (draw: Draw): string => String(draw.of([NOW_S, NOW_S - 30, AT_S + 300, AT_S + 60, AT_S - 1_800]))
const grouping = (draw: Draw): string =>
  draw.of([
    '',
    ` by (${draw.some(LABEL_NAMES, 3).join(',')})`,
    ` without (${draw.some(LABEL_NAMES, 2).join(',')})`,
  ])

const OVER_TIME = [
  'rate',
  'increase',
  'delta',
  'irate',
  'deriv',
  'changes',
  'resets',
  'absent_over_time',
].concat(
  ['avg', 'sum', 'min', 'max', 'count', 'stddev', 'last', 'present', 'mad', 'first'].map(
    name => `${name}_over_time`,
  ),
)
const ofRange = (draw: Draw, depth: number): string => {
  const modifier = draw.of(['', '', ' offset 1m', ` @ ${AT_S + 400}`, ' @ end()', ' offset -5m'])
  return draw.chance(0.2) && depth > 0
    ? `(${expression(draw, depth - 1)})[${draw.of(RANGES.slice(0, 3))}:30s]${modifier}`
    : `${selector(draw)}[${draw.of(RANGES)}]${modifier}`
}
const label = (draw: Draw): string => draw.of(LABEL_NAMES)

/** An expression that gives a vector. */
export function expression(draw: Draw, depth: number): string {
  if (depth <= 0) return selector(draw)
  const inner = (): string => expression(draw, depth - 1)
  return draw.call([
    () => selector(draw),
    () => `${draw.of(OVER_TIME)}(${ofRange(draw, depth)})`,
    () => `quantile_over_time(0.9, ${ofRange(draw, depth)})`,
    () =>
      `${draw.of(['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev'])}${grouping(draw)} (${inner()})`,
    () => `${draw.of(['topk', 'bottomk', 'limitk'])}${grouping(draw)} (${1 + draw.below(50)}, ${inner()})`,
    () => `quantile${grouping(draw)} (0.5, ${inner()})`,
    () => `count_values${grouping(draw)} ("value", ${inner()})`,
    () => `label_replace(${inner()}, "x", "$1", "${label(draw)}", "(.*)")`,
    () => `label_join(${inner()}, "x", "/", "${label(draw)}", "${label(draw)}")`,
    () => `absent(${selector(draw)})`,
    () => `histogram_quantile(0.9, sum by (le, ${label(draw)}) (rate(latency_bucket[5m])))`,
    () => `histogram_${draw.of(['count', 'sum', 'avg', 'stddev'])}(${inner()})`,
    () => `info(${selector(draw)}${draw.of(['', ', {owner=~".+"}', ', {__name__=~".+_info"}'])})`,
    () =>
      `(${inner()}) ${draw.of(['and', 'or', 'unless'])}${draw.of(['', ' on()', ' on(owner)', ' ignoring(zone)'])} (${inner()})`,
    () =>
      `(${inner()}) ${draw.of(['+', '-', '*', '/', '>', '== bool'])} on(${label(draw)}) group_left(${label(draw)}) (${inner()})`,
    () => `vector(scalar(count(${inner()})))`,
    () => `sort_by_label(${inner()}, "${label(draw)}")`,
    () => `${draw.of(['timestamp', 'abs', 'sort_desc', '-'])}(${inner()})`,
    () => `clamp_max(${inner()}, 1e9) ${draw.of(['>', '<', '!='])} ${draw.of(['0', '1', '1e6'])}`,
  ])
}

const prefix = (draw: Draw): string => draw.of(['', '/prometheus'])

function rangeOf(draw: Draw): Readonly<Record<string, string>> {
  const [start, end] = rangeIn(draw)
  return { start: String(start), end: String(end) }
}

/** Options that some requests have. */
const options = (draw: Draw): readonly (readonly [string, string])[] => [
  ...(draw.chance(0.2) ? [['limit', String(1 + draw.below(5))] as const] : []),
  ...(draw.chance(0.2) ? [['lookback_delta', draw.of(['10s', '1h'])] as const] : []),
]

function question(draw: Draw): HostileRequest {
  const query = expression(draw, 1 + draw.below(3))
  if (draw.chance(0.4)) {
    const [, end] = rangeIn(draw)
    const start = end - draw.of([60, 600, 4_000])
    const form = { query, start: String(start), end: String(end), step: draw.of(['15', '60', '300']) }
    return askedBy(draw, 'query_range', `${prefix(draw)}/api/v1/query_range`, formOf(form, options(draw)))
  }
  return askedBy(
    draw,
    'query',
    `${prefix(draw)}/api/v1/query`,
    formOf({ query, time: time(draw) }, options(draw)),
  )
}

const formOf = (
  given: Readonly<Record<string, string>>,
  more: readonly (readonly [string, string])[] = [],
): URLSearchParams =>
  new URLSearchParams([...Object.entries(given), ...more.map(([name, value]) => [name, value])])

const matches = (draw: Draw, most: number): readonly (readonly [string, string])[] =>
  draw
    .some(
      Array.from({ length: 4 }, () => selector(draw)),
      most,
    )
    .map(text => ['match[]', text] as const)

function listing(draw: Draw): HostileRequest {
  const range = draw.chance(0.7) ? rangeOf(draw) : {}
  const base = `${prefix(draw)}/api/v1`
  return draw.call([
    () => askedBy(draw, 'labels', `${base}/labels`, formOf(range, [...matches(draw, 2), ...options(draw)])),
    () =>
      getOf(
        'label values',
        `${base}/label/${draw.of([...LABEL_NAMES, 'SECRET-1', 'nothing'])}/values`,
        formOf(range, [...matches(draw, 2), ...options(draw)]),
      ),
    () =>
      askedBy(
        draw,
        'series',
        `${base}/series`,
        formOf(range, [['match[]', selector(draw)], ...matches(draw, 2)]),
      ),
    () =>
      getOf(
        'metadata',
        `${base}/metadata`,
        draw.parameters(
          { metric: () => nameIn(draw, NAMES), limit: () => '3', limit_per_metric: () => '1' },
          0.4,
        ),
      ),
    () =>
      askedBy(
        draw,
        'query_exemplars',
        `${base}/query_exemplars`,
        formOf({ query: expression(draw, 1), ...rangeOf(draw) }),
      ),
    () =>
      getOf(
        'federate',
        `${prefix(draw)}/federate`,
        formOf({}, [['match[]', selector(draw)], ...matches(draw, 2)]),
      ),
    () =>
      askedBy(
        draw,
        'format',
        `${base}/${draw.of(['format_query', 'parse_query'])}`,
        formOf({ query: expression(draw, 2) }),
      ),
    () =>
      getOf('status', `${base}/status/${draw.of(['buildinfo', 'config', 'flags', 'runtimeinfo', 'tsdb'])}`),
    () => getOf('features', `${base}/features`),
    () =>
      getOf(
        'rules',
        `/prometheus/api/v1/${draw.of(['rules', 'alerts'])}`,
        draw.parameters(
          { type: () => 'alert', 'rule_name[]': () => nameIn(draw, ['hot']), exclude_alerts: () => 'true' },
          0.3,
        ),
      ),
  ])
}

export const PROMQL: readonly RequestKind[] = [
  {
    name: 'PromQL expressions',
    routes: /^(GET|POST) (\/prometheus)?\/api\/v1\/(query|query_range)$/,
    make: question,
  },
  {
    name: 'PromQL listings',
    routes:
      /^(GET|POST) (\/prometheus)?(\/federate|\/api\/v1\/(query_exemplars|series|labels|label\/:name\/values|metadata|format_query|parse_query|features|status\/(buildinfo|config|flags|runtimeinfo|tsdb)))$|^GET \/prometheus\/api\/v1\/(rules|alerts)$/,
    make: listing,
  },
]

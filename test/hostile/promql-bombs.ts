/** PromQL that is built to cost more than its limits: several of each kind, as anyone with a read token can send it. */

/** One request. Times are seconds before the newest sample. */
export interface Bomb {
  readonly kind: string
  readonly name: string
  readonly query: string
  /** A range query over this long; absent: an instant query. */
  readonly range?: { readonly seconds: number; readonly step: string }
  /** Sent at the same time, and the client goes after half a second. */
  readonly times?: number
  readonly leaves?: boolean
}

/** 100,000 series of a few samples, and 200 of an hour. */
export const MANY = 'hostile_many'
export const FEW = 'hostile_few_total'

const nest = (count: number, open: string, inner: string, close: string): string =>
  open.repeat(count) + inner + close.repeat(count)
const join = (count: number, of: (at: number) => string, between: string): string =>
  Array.from({ length: count }, (_, at) => of(at)).join(between)

const bombs = (kind: string, all: Readonly<Record<string, string>>): readonly Bomb[] =>
  Object.entries(all).map(([name, query]) => ({ kind, name, query }))
const ranges = (kind: string, all: Readonly<Record<string, string>>, seconds: number, step: string) =>
  bombs(kind, all).map(bomb => ({ ...bomb, range: { seconds, step } }))

const texts = bombs('text', {
  parentheses: nest(200_000, '(', '1', ')'),
  'open parentheses': '('.repeat(500_000),
  braces: '{'.repeat(500_000),
  'open brackets': `${FEW}${'['.repeat(300_000)}`,
  signs: `${'-'.repeat(500_000)}1`,
  'a sum of a million': `1${'+1'.repeat(1_000_000)}`,
  'a tower of powers': `${'2^'.repeat(100_000)}2`,
  'comparisons that nest to the right': `${'(1 == bool '.repeat(2_000)}1${')'.repeat(2_000)}`,
  'many matchers': `{${join(50_000, at => `l${at}="x"`, ',')}}`,
  'the same matcher': `${MANY}{${join(20_000, () => 'pod=~".*[0-9]"', ',')}}`,
  'many groups': `sum by (${join(100_000, at => `l${at}`, ',')}) (${MANY})`,
  comments: `${'#\n'.repeat(1_000_000)}1`,
  spaces: `${' '.repeat(3_000_000)}1`,
  'a long string': `"${'x'.repeat(3_000_000)}"`,
  'an unclosed string of escapes': `"${'\\'.repeat(1_000_001)}`,
  'a long number': '9'.repeat(3_000_000),
  'a long duration': `${FEW}[${'1h'.repeat(500_000)}]`,
  'a long name': `${'a'.repeat(3_000_000)}`,
  offsets: `${FEW}${' offset 1s'.repeat(100_000)}`,
  'durations that nest': `${FEW}[${nest(50_000, '(', '1m', ')')}]`,
  'no text': '\u0000'.repeat(500_000),
  surrogates: `{a="${'\ud83d'.repeat(500_000)}"}`,
})

const patterns = bombs('regular expression', {
  'groups of groups': `{pod=~"(((((((a+)+)+)+)+)+)+)+$"}`,
  'counted repetitions': `${MANY}{pod=~"(p|o|d|-|[0-9]){1,1000}"}`,
  'repetitions of repetitions': `${MANY}{pod=~"((.{1,30}){1,30})"}`,
  'many alternatives': `${MANY}{pod=~"(${join(20_000, at => `pod-${at}x*`, '|')})"}`,
  'classes of all characters': `${MANY}{pod=~"(\\\\pL|\\\\pN|\\\\pS|\\\\pP|\\\\pZ){1,300}"}`,
  'everything not so': `{__name__!~"${'.?'.repeat(500)}${'a'.repeat(500)}"}`,
  'of many metrics': `count({__name__=~".+"})`,
  replaced: `label_replace(${MANY}, "x", "$1$1", "pod", "((.*)*)*")`,
})

const grown = (levels: number): string => {
  let query = MANY
  for (let at = 0; at < levels; at += 1) query = `label_replace(${query}, "pod", "$1$1", "pod", "(.*)")`
  return query
}

const labels = bombs('labels', {
  'that grow eightfold': grown(3),
  'that grow a thousandfold': grown(10),
  'that grow a millionfold': grown(20),
  'that grow beyond all texts': grown(40),
  'with a long replacement': `label_replace(${MANY}, "x", "${'$1'.repeat(20_000)}", "pod", "(.*)")`,
  joined: `label_join(${MANY}, "x", "${'-'.repeat(10_000)}", ${join(200, () => '"pod"', ', ')})`,
  counted: `count_values("v", ${MANY})`,
  'counted by many': `count_values by (pod) ("pod", ${MANY} * 1.1)`,
})

const operators = [
  ...bombs('operator', {
    'over all series': `${MANY} * ${MANY} / ${MANY} + ${MANY}`,
    'many to many': `${MANY} * on() ${MANY}`,
    'many to one': `${MANY} * on(namespace) group_left(pod) ${MANY}`,
    'sets of all series': join(60, () => MANY, ' or '),
    'unless of all series': join(60, () => MANY, ' unless '),
    products: join(200, () => `count(${MANY})`, ' * '),
    'all series in order': `sort_desc(${MANY})`,
    'top of all': `topk(1e18, ${MANY})`,
    'bottom of each': `bottomk by (pod) (1e9, ${MANY})`,
    'a quantile of each': `quantile by (pod) (0.5, ${MANY})`,
    'a ratio': `limit_ratio(0.999999, ${MANY})`,
    'a quantile of what is no histogram': `histogram_quantile(0.9, ${MANY})`,
  }),
  ...ranges('operator', { 'over all series and a range': `${MANY} + ${MANY}` }, 10_000, '1s'),
  ...ranges('operator', { 'counted values of a range': `count_values("v", ${MANY})` }, 10_000, '1s'),
  ...ranges('operator', { 'labels of a range': grown(10) }, 10_000, '1s'),
]

const spans = [
  ...ranges(
    'range',
    {
      'every second': FEW,
      'rates every second': `rate(${FEW}[1h])`,
      'of years every second': `rate(${FEW}[300y])`,
      'quantiles of an hour every second': `quantile_over_time(0.5, ${FEW}[1h])`,
      'deviation of an hour every second': `stddev_over_time(${FEW}[1h])`,
      'a forecast every second': `predict_linear(${FEW}[1h], 1e9)`,
      'smoothing every second': `double_exponential_smoothing(${FEW}[1h], 0.5, 0.5)`,
      'all series every second': MANY,
      'at one time': `${MANY} @ 0`,
      'at the end': `sum(rate(${MANY}[1h] @ end()))`,
    },
    10_999,
    '1s',
  ),
  ...ranges('range', { 'too many steps': FEW }, 1_000_000, '1ms'),
  ...ranges('range', { 'no step': FEW }, 100, '1e-9'),
  ...ranges('range', { 'a century': `sum(${MANY})` }, 3_000_000_000, '1d'),
]

const subqueries = bombs('subquery', {
  'of years by the millisecond': `sum_over_time(${FEW}[10y:1ms])`,
  'of a day by the second': `max_over_time(rate(${FEW}[1h])[1d:1s])`,
  'of all series': `max_over_time(${MANY}[1d:1s])`,
  nested: nest(6, 'max_over_time(', FEW, '[1h:1s])'),
  'nested deeply': nest(100, 'max_over_time(', FEW, '[1h:1m])'),
  'nested with offsets': nest(20, 'avg_over_time(', FEW, '[1h:10s] offset 1h)'),
  'nested at one time': nest(20, 'avg_over_time(', FEW, '[1h:10s] @ 0)'),
  'of scalars': `sum_over_time(vector(time())[10y:1s])`,
  'of nothing': `sum_over_time(absent(nothing)[100y:1s])`,
  'of a million steps': `sum_over_time((1 + vector(1))[1000000s:1s])`,
  'as the answer': `${FEW}[1d:1s]`,
  'counted values': `count_values("v", max_over_time(rate(${FEW}[5m])[1h:1s]))`,
})

const together: readonly Bomb[] = [
  {
    kind: 'together',
    name: 'twenty at once',
    query: `sum(rate(${FEW}[1h]))`,
    range: { seconds: 10_999, step: '1s' },
    times: 20,
  },
  {
    kind: 'together',
    name: 'left',
    query: `quantile_over_time(0.5, ${FEW}[1h])`,
    range: { seconds: 10_999, step: '1s' },
    times: 10,
    leaves: true,
  },
  { kind: 'together', name: 'many series, left', query: grown(10), times: 10, leaves: true },
]

/** All of them. */
export const BOMBS: readonly Bomb[] = [
  ...texts,
  ...patterns,
  ...labels,
  ...operators,
  ...spans,
  ...subqueries,
  ...together,
]

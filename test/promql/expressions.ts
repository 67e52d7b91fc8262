/** Random expressions of the right types. */

const METRICS = [
  'requests_total',
  'load',
  'wild',
  'requests_total{job="web"}',
  'load{zone!="a"}',
  'wild{job=~"api|db"}',
]
const HISTOGRAMS = ['sizes', 'custom', 'mixed', 'sizes{zone="a"}']
const RANGES = ['30s', '1m', '2m30s', '5m', '10m', '17m']
const OVER_TIME = [
  'avg',
  'sum',
  'min',
  'max',
  'count',
  'stddev',
  'stdvar',
  'last',
  'present',
  'first',
  'mad',
].map(name => `${name}_over_time`)
const RANGE_FUNCTIONS = [
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'deriv', 'changes', 'resets'],
  ...OVER_TIME,
]
const HISTOGRAM_RANGE_FUNCTIONS = [
  'rate',
  'increase',
  'delta',
  'irate',
  'sum_over_time',
  'avg_over_time',
  'last_over_time',
  'count_over_time',
  'resets',
  'changes',
]
const SIMPLE = [
  'abs',
  'ceil',
  'floor',
  'sqrt',
  'sgn',
  'ln',
  'log2',
  'log10',
  'deg',
  'rad',
  'round',
  'exp',
  'sin',
  'cos',
  'tan',
  'atan',
  'asin',
  'acos',
  'tanh',
  'hour',
  'minute',
  'day_of_week',
  'month',
  'timestamp',
]
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'group']
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2']
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=']
const GROUPINGS = ['', ' by (job)', ' by (job, zone)', ' without (instance)', ' by (zone)']
const NUMBERS = ['0', '1', '2', '0.5', '-1', '3.7', '1e6', 'Inf', 'NaN', '60']

export class Expressions {
  readonly #next: () => number

  constructor(next: () => number) {
    this.#next = next
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#next() * values.length)] as T
  }

  #chance(probability: number): boolean {
    return this.#next() < probability
  }

  #modifiers(): string {
    const offset = this.#chance(0.15) ? ` offset ${this.#pick(['1m', '-1m', '7s', '5m'])}` : ''
    const at = this.#chance(0.08) ? ` @ ${this.#pick(['600', '1800.5', 'start()', 'end()'])}` : ''
    return at + offset
  }

  /** A range vector. */
  #range(depth: number, metrics: readonly string[]): string {
    if (depth > 0 && this.#chance(0.2)) {
      return `${this.#grouped(depth - 1)}[${this.#pick(RANGES)}:${this.#pick(['', '30s', '1m', '45s'])}]${this.#modifiers()}`
    }
    return `${this.#pick(metrics)}[${this.#pick(RANGES)}]${this.#modifiers()}`
  }

  #grouped(depth: number): string {
    return `(${this.vector(depth)})`
  }

  /** A vector of floats. */
  vector(depth: number): string {
    if (depth <= 0) return this.#pick(METRICS) + this.#modifiers()
    const kinds = [
      () => this.#overRange(depth),
      () => `${this.#pick(AGGREGATIONS)}${this.#pick(GROUPINGS)} (${this.vector(depth - 1)})`,
      () => this.#parameterised(depth),
      () => this.#simple(depth),
      () => this.#binary(depth),
      () => this.#ofHistogram(depth),
      () => this.#classic(),
      () => this.#labels(depth),
      () => this.#pick(METRICS) + this.#modifiers(),
    ]
    return this.#pick(kinds)()
  }

  #overRange(depth: number): string {
    if (this.#chance(0.15))
      return `quantile_over_time(${this.#pick(['0', '0.3', '0.9', '1'])}, ${this.#range(depth, METRICS)})`
    if (this.#chance(0.1))
      return `predict_linear(${this.#range(depth, METRICS)}, ${this.#pick(['60', '3600', '-30'])})`
    return `${this.#pick(RANGE_FUNCTIONS)}(${this.#range(depth, METRICS)})`
  }

  #parameterised(depth: number): string {
    const inner = this.vector(depth - 1)
    const grouping = this.#pick(GROUPINGS)
    return this.#pick([
      `topk${grouping} (${this.#pick(['1', '2', '4'])}, ${inner})`,
      `bottomk${grouping} (${this.#pick(['1', '3'])}, ${inner})`,
      `quantile${grouping} (${this.#pick(['0.1', '0.5', '0.95'])}, ${inner})`,
      `count_values${grouping} ("value", ${inner})`,
    ])
  }

  #simple(depth: number): string {
    const inner = this.vector(depth - 1)
    if (this.#chance(0.15)) return `clamp(${inner}, ${this.#pick(['-1', '0'])}, ${this.#pick(['10', '1e3'])})`
    if (this.#chance(0.1)) return `-${this.#grouped(depth - 1)}`
    if (this.#chance(0.08)) return `absent(${inner})`
    if (this.#chance(0.08)) return `vector(scalar(${inner}))`
    return `${this.#pick(SIMPLE)}(${inner})`
  }

  #binary(depth: number): string {
    const left = this.#grouped(depth - 1)
    const kind = this.#next()
    if (kind < 0.35) {
      const op = this.#pick([...ARITHMETIC, ...COMPARISONS])
      const bool = COMPARISONS.includes(op) && this.#chance(0.4) ? ' bool' : ''
      const [a, b] = [left, this.#pick(NUMBERS)]
      return this.#chance(0.5) ? `${a} ${op}${bool} ${b}` : `${b} ${op}${bool} ${a}`
    }
    const right = this.#grouped(depth - 1)
    if (kind < 0.55)
      return `${left} ${this.#pick(['and', 'or', 'unless'])}${this.#pick(['', ' on (job)', ' ignoring (zone)'])} ${right}`
    const op = this.#pick([...ARITHMETIC, ...COMPARISONS])
    if (kind < 0.75) return `${left} ${op} on (instance, job, zone) ${right}`
    return `${left} ${op} on (job) group_left ${this.#pick(['sum', 'max', 'count'])} by (job) (${this.vector(depth - 1)})`
  }

  /** A vector of histograms. */
  #histograms(depth: number): string {
    const metric = this.#pick(HISTOGRAMS)
    const kind = this.#next()
    if (kind < 0.25) return metric + this.#modifiers()
    if (kind < 0.6) return `${this.#pick(HISTOGRAM_RANGE_FUNCTIONS)}(${this.#range(0, HISTOGRAMS)})`
    if (kind < 0.85 && depth > 0)
      return `${this.#pick(['sum', 'avg'])}${this.#pick(GROUPINGS)} (${this.#histograms(depth - 1)})`
    return `${metric} ${this.#pick(['*', '/', '</', '>/'])} ${this.#pick(['2', '0.3', '5'])}`
  }

  histograms(depth: number): string {
    return this.#histograms(depth)
  }

  #ofHistogram(depth: number): string {
    const inner = this.#histograms(depth - 1)
    if (this.#chance(0.4)) return `histogram_quantile(${this.#pick(['0', '0.25', '0.5', '0.99'])}, ${inner})`
    if (this.#chance(0.3))
      return `histogram_fraction(${this.#pick(['-Inf', '0', '0.7'])}, ${this.#pick(['1.5', '3', '+Inf'])}, ${inner})`
    return `histogram_${this.#pick(['count', 'sum', 'avg', 'stddev', 'stdvar'])}(${inner})`
  }

  #classic(): string {
    const grouping = this.#pick([' by (le)', ' by (job, le)'])
    return `histogram_quantile(${this.#pick(['0.1', '0.5', '0.9'])}, sum${grouping} (rate(latency_bucket[${this.#pick(RANGES)}])))`
  }

  #labels(depth: number): string {
    const inner = this.vector(depth - 1)
    if (this.#chance(0.5)) return `label_replace(${inner}, "zone", "z-$1", "instance", "host-(.*)")`
    return `label_join(${inner}, "both", "/", "job", "zone")`
  }
}

/**
 * Names of OpenTelemetry in the form of Prometheus, as its OTLP receiver makes them: characters that a plain name cannot
 * have become underscores, the unit and `_total` are appended.
 */

/** What a name is made of. */
export interface MetricKind {
  readonly unit: string
  /** A sum that only grows. */
  readonly isCounter: boolean
  readonly isGauge: boolean
}

const PLAIN_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** Whether a metric's name needs no quotes in PromQL. */
export const isPlainMetric = (name: string): boolean => PLAIN_METRIC.test(name)

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent',
}

const PER_UNITS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

/** The metric's name for Prometheus, without the suffixes of histograms. */
export function translatedMetric(name: string, { unit, isCounter, isGauge }: MetricKind): string {
  const words = wordsOf(name)
  const [main = '', per = ''] = split(unit)
  // Annotations such as {request} are no units.
  const mainWord = main.includes('{') ? '' : cleaned(UNITS[main] ?? main)
  const perWord = per.includes('{') ? '' : cleaned(PER_UNITS[per] ?? per)
  if (mainWord !== '' && !words.includes(mainWord)) words.push(mainWord)
  if (perWord !== '' && !words.includes(perWord)) words.push('per', perWord)
  const named = isCounter ? [...words.filter(word => word !== 'total'), 'total'] : words
  if (isGauge && unit === '1') named.push(...(named.includes('ratio') ? [] : ['ratio']))
  const joined = named.join('_')
  return /^\d/.test(joined) ? `_${joined}` : joined
}

const wordsOf = (text: string): string[] =>
  text
    .split(/[^\p{L}\p{N}:]+/u)
    .filter(word => word !== '')
    .flatMap(plainWords)

/** Letters beyond ASCII are not plain either. */
const plainWords = (word: string): string[] => word.split(/[^a-zA-Z0-9:]+/).filter(one => one !== '')

const cleaned = (word: string): string => wordsOf(word).join('_')

function split(unit: string): readonly [string, string?] {
  const slash = unit.indexOf('/')
  return slash < 0 ? [unit.trim()] : [unit.slice(0, slash).trim(), unit.slice(slash + 1).trim()]
}

const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** An attribute's name as a label of Prometheus. */
export function translatedLabel(name: string): string {
  if (PLAIN_LABEL.test(name)) return name
  const plain = name.replaceAll(/[^a-zA-Z0-9_]/gu, '_')
  return /^\d/.test(plain) ? `key_${plain}` : plain
}

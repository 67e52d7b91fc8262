/**
 * Units of metrics as senders write them: UCUM, which OpenTelemetry requires, and the names of Prometheus. Exact: a
 * factor is a quotient of integers, and an uncertain unit has no factor.
 */

/** What a unit measures; `none` is a plain number. */
export type UnitDimension = 'energy' | 'power' | 'time' | 'information' | 'none'

/** One unit is `numerator / denominator` J, W, s, By, or plain ones. */
interface UnitOfMeasure {
  readonly dimension: UnitDimension
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Longer texts are not units. */
export const LONGEST_UNIT = 32

/** SI prefixes, by their letters in UCUM. Some senders write `u` as µ (two characters look like it). */
const DECIMAL_PREFIXES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    T: 12,
    G: 9,
    M: 6,
    k: 3,
    h: 2,
    d: -1,
    c: -2,
    m: -3,
    u: -6,
    '\u00b5': -6,
    '\u03bc': -6,
    n: -9,
    p: -12,
  }),
)
const BINARY_PREFIXES: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    Ki: 1n << 10n,
    Mi: 1n << 20n,
    Gi: 1n << 30n,
    Ti: 1n << 40n,
  }),
)

interface Atom {
  readonly dimension: UnitDimension
  readonly times: bigint
  /** Minutes and hours take no prefix, bytes take both kinds. */
  readonly prefixes: 'none' | 'decimal' | 'both'
}

const ATOMS: ReadonlyMap<string, Atom> = new Map(
  Object.entries<Atom>({
    J: { dimension: 'energy', times: 1n, prefixes: 'decimal' },
    // Not valid UCUM, which requires `W.h`, but what everyone writes.
    Wh: { dimension: 'energy', times: 3600n, prefixes: 'decimal' },
    Ws: { dimension: 'energy', times: 1n, prefixes: 'decimal' },
    W: { dimension: 'power', times: 1n, prefixes: 'decimal' },
    s: { dimension: 'time', times: 1n, prefixes: 'decimal' },
    min: { dimension: 'time', times: 60n, prefixes: 'none' },
    h: { dimension: 'time', times: 3600n, prefixes: 'none' },
    d: { dimension: 'time', times: 86_400n, prefixes: 'none' },
    By: { dimension: 'information', times: 1n, prefixes: 'both' },
    // `m1` is what the word `millicores` becomes.
    '1': { dimension: 'none', times: 1n, prefixes: 'decimal' },
  }),
)

/** Bytes as people write them. `KB` and the like may mean 1000 or 1024, so they are not units here. */
const OTHER_BYTES: ReadonlyMap<string, string> = new Map(
  Object.entries({ B: 'By', KiB: 'KiBy', MiB: 'MiBy', GiB: 'GiBy', TiB: 'TiBy' }),
)

/** Unit names of OpenMetrics and of exporters, each with the prefixes that are written out. */
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    joule: 'J',
    watt: 'W',
    second: 's',
    sec: 's',
    byte: 'By',
    minute: 'min',
    hour: 'h',
    day: 'd',
    watthour: 'Wh',
    watt_hour: 'Wh',
    wattsecond: 'Ws',
    watt_second: 'Ws',
    core: '1',
    cpu: '1',
    ratio: '1',
  }),
)
const WORD_PREFIXES: readonly (readonly [string, string])[] = Object.entries({
  '': '',
  tera: 'T',
  giga: 'G',
  mega: 'M',
  kilo: 'k',
  milli: 'm',
  micro: 'u',
  nano: 'n',
  kibi: 'Ki',
  mebi: 'Mi',
  gibi: 'Gi',
  tebi: 'Ti',
})

/** The meaning of a unit; null: it is unknown, or is not a unit of energy, power, time, information or count. */
export function unitOfMeasure(text: string): UnitOfMeasure | null {
  if (text.length > LONGEST_UNIT) return null
  // `{cpu}` says what is counted, and is not a unit.
  const plain = text.replace(/\{[^{}]*\}/g, '').trim()
  if (plain === '%') return { dimension: 'none', numerator: 1n, denominator: 100n }
  const factors = plain.split(/[.*\u00b7]/).filter(part => part !== '')
  if (factors.length > 2) return null
  const units = factors.map(simpleUnit)
  if (units.includes(null)) return null
  return (units as UnitOfMeasure[]).reduce<UnitOfMeasure | null>(product, ONE)
}

const ONE: UnitOfMeasure = { dimension: 'none', numerator: 1n, denominator: 1n }

function product(a: UnitOfMeasure | null, b: UnitOfMeasure): UnitOfMeasure | null {
  if (a === null) return null
  const dimension = dimensionOf(a.dimension, b.dimension)
  if (dimension === null) return null
  return { dimension, numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator }
}

function dimensionOf(a: UnitDimension, b: UnitDimension): UnitDimension | null {
  if (a === 'none') return b
  if (b === 'none') return a
  return (a === 'power' && b === 'time') || (a === 'time' && b === 'power') ? 'energy' : null
}

function simpleUnit(text: string): UnitOfMeasure | null {
  const code = OTHER_BYTES.get(text) ?? codeOfWord(text) ?? text
  const whole = ATOMS.get(code)
  if (whole !== undefined) return { dimension: whole.dimension, numerator: whole.times, denominator: 1n }
  for (const length of [1, 2]) {
    const atom = ATOMS.get(code.slice(length))
    if (atom === undefined || atom.prefixes === 'none') continue
    const found = scaled(atom, code.slice(0, length))
    if (found !== null) return found
  }
  return null
}

function scaled({ dimension, times, prefixes }: Atom, prefix: string): UnitOfMeasure | null {
  const power = DECIMAL_PREFIXES.get(prefix)
  if (power !== undefined) {
    return power > 0
      ? { dimension, numerator: times * 10n ** BigInt(power), denominator: 1n }
      : { dimension, numerator: times, denominator: 10n ** BigInt(-power) }
  }
  const binary = BINARY_PREFIXES.get(prefix)
  if (binary === undefined || prefixes !== 'both') return null
  return { dimension, numerator: times * binary, denominator: 1n }
}

/** `kilowatt_hours` is `kWh`. */
function codeOfWord(text: string): string | undefined {
  const word = text.toLowerCase().replace(/s$/, '').replace('watts_', 'watt_')
  for (const [prefix, code] of WORD_PREFIXES) {
    const name = WORDS.get(word.slice(prefix.length).replace(/^_/, ''))
    if (name !== undefined && word.startsWith(prefix)) return code + name
  }
  return undefined
}

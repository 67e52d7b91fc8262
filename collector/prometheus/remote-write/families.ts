import { METRIC_TYPES, type MetricType } from '../metric.ts'

/** Metadata of a metric family, as announced by a sender. */
export interface FamilyMetadata {
  readonly type: MetricType
  readonly help: string
  readonly unit: string
}

/** Type by its number in remote write's enum; larger numbers are `unknown`. */
export const metricType = (number: number): MetricType => METRIC_TYPES[number] ?? 'unknown'

/** Suffixes that samples add to the name of their family, and the family types that use them. */
const SUFFIXES: readonly (readonly [suffix: string, types: readonly MetricType[]])[] = [
  ['_bucket', ['histogram', 'gaugehistogram']],
  ['_count', ['histogram', 'summary']],
  ['_sum', ['histogram', 'summary']],
  ['_gcount', ['gaugehistogram']],
  ['_gsum', ['gaugehistogram']],
  ['_total', ['counter']],
  ['_info', ['info']],
]

const ACCUMULATES = /_(bucket|count|sum)$/
const COUNTS = /_(bucket|count|sum|total)$/

/**
 * Whether a series of single values is a counter. Classic histograms and summaries arrive as one series per bucket, sum
 * and count, all of which accumulate, and one per quantile, which does not. Without a type, the name decides.
 */
export function numberType(name: string, declared: MetricType): 'counter' | 'gauge' {
  if (declared === 'counter') return 'counter'
  if (declared === 'histogram' || declared === 'summary') return ACCUMULATES.test(name) ? 'counter' : 'gauge'
  return declared === 'unknown' && COUNTS.test(name) ? 'counter' : 'gauge'
}

/** Whether single values in a series of this name would be unexpected, because its family has native histograms. */
export const isNativeHistogram = (name: string, declared: MetricType): boolean =>
  (declared === 'histogram' && !ACCUMULATES.test(name)) ||
  (declared === 'gaugehistogram' && !/_(bucket|gcount|gsum)$/.test(name))

const MAX_CHARACTERS = 4 * 1024 * 1024
/** Cost of an entry in addition to its texts. */
const ENTRY_CHARACTERS = 100

interface RememberedFamilies {
  readonly families: Map<string, FamilyMetadata>
  /**
   * Stays behind the forgotten entries: a new iterator would walk over the remains of all of them, once for each family
   * that is learnt.
   */
  readonly byAge: MapIterator<[string, FamilyMetadata]>
  characters: number
}

function nothingKnown(): RememberedFamilies {
  const families = new Map<string, FamilyMetadata>()
  return { families, byAge: families.entries(), characters: 0 }
}

/**
 * Families by tenant. Senders of 1.0 announce families once a minute, in separate requests. Only the kind, the
 * description and the unit of later series depend on this: until then, and after a restart, the name decides. Bounded:
 * beyond 4 Mi characters per tenant, the families learnt longest ago are forgotten.
 */
export class FamilyMemory {
  readonly #tenants = new Map<string, RememberedFamilies>()
  readonly #maxCharacters: number
  /** Changes whenever `find` may answer something else than before. */
  version = 0

  constructor(maxCharacters = MAX_CHARACTERS) {
    this.#maxCharacters = maxCharacters
  }

  learn(tenant: string, name: string, family: FamilyMetadata): void {
    const known = this.#tenants.get(tenant) ?? nothingKnown()
    this.#tenants.set(tenant, known)
    const before = known.families.get(name)
    if (!isSame(before, family)) this.version += 1
    if (before !== undefined) {
      known.families.delete(name)
      known.characters -= size(name, before)
    }
    known.families.set(name, family)
    known.characters += size(name, family)
    while (known.characters > this.#maxCharacters) {
      const { value, done } = known.byAge.next()
      if (done === true) return
      this.version += 1
      const [oldest, old] = value
      known.families.delete(oldest)
      known.characters -= size(oldest, old)
    }
  }

  /** The family to which a metric of this name belongs. */
  find(tenant: string, metric: string): FamilyMetadata | undefined {
    const families = this.#tenants.get(tenant)?.families
    if (families === undefined) return undefined
    const exact = families.get(metric)
    if (exact !== undefined) return exact
    for (const [suffix, types] of SUFFIXES) {
      if (!metric.endsWith(suffix)) continue
      const family = families.get(metric.slice(0, -suffix.length))
      if (family !== undefined && types.includes(family.type)) return family
    }
    return undefined
  }
}

const isSame = (known: FamilyMetadata | undefined, { type, help, unit }: FamilyMetadata): boolean =>
  known?.type === type && known.help === help && known.unit === unit

const size = (name: string, { help, unit }: FamilyMetadata): number =>
  name.length + help.length + unit.length + ENTRY_CHARACTERS

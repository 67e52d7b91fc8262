import { grown } from '../../core/columns/growable.ts'
import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { Ranges, TextRange } from '../otlp/decode/envelope.ts'
import type { PointInHand, PointSink } from '../otlp/decode/point-sink.ts'
import { ByteStore } from './identity/byte-store.ts'
import type { Identities, KnownResource, ReadingSender } from './identity/identities.ts'
import type { ReadingSeries } from './identity/identity.ts'
import type { IgnoredReason } from './mappings/mapping.ts'
import type { MetricRule, RuleTable } from './mappings/rule.ts'
import { ScaledParts } from './scaled-parts.ts'

/** 32-bit parts of a point in `parts`: time, start and value, low part first. */
export const PARTS = 6
const INITIAL_POINTS = 64

/** The readings among the points of one request, in their original order, until the request is decoded. */
export class RecognisedPoints implements PointSink {
  readonly #sender: ReadingSender
  /** The series of each reading. */
  readonly series: ReadingSeries[] = []
  /** Points of known metrics that are not readings, by reason (IGNORED_REASONS). They stay ordinary metrics. */
  readonly ignored = new Map<string, number>()
  readonly #drops: boolean
  readonly #identities: Identities
  readonly #rules: RuleTable
  readonly #scratch = new ByteStore()
  readonly #scaled = new ScaledParts()
  /** Points that are stored as readings only. */
  dropped = 0
  #parts = new Int32Array(0)
  #body: DataView = NO_BODY
  #rule: MetricRule | null = null
  #resourceMessages: Ranges | null = null
  #resource: KnownResource | null = null

  /** `drops`: points that are readings are not stored as metrics besides. */
  constructor(
    identities: Identities,
    rules: RuleTable,
    { tenant, account, limits }: DecodeContext,
    drops: boolean,
  ) {
    this.#drops = drops
    this.#sender = { tenant, account }
    this.#identities = identities
    this.#rules = rules
    identities.begin(limits)
  }

  /** `PARTS` numbers for each element of `series`. */
  get parts(): Int32Array {
    return this.#parts
  }

  metric(
    body: DataView,
    { name, unit }: { readonly name: TextRange; readonly unit: TextRange },
    isSum: boolean,
    temporality: number,
    isMonotonic: boolean,
  ): boolean {
    this.#rule = this.#rules.find(body, name, unit, isSum, temporality, isMonotonic)
    this.#body = body
    return this.#rule !== null
  }

  point(point: PointInHand): boolean {
    const rule = this.#rule
    if (rule === null) return false
    const found = rule.problem ?? this.#find(rule, point)
    if (typeof found === 'string') this.ignored.set(found, (this.ignored.get(found) ?? 0) + 1)
    if (found === null || typeof found === 'string') return false
    this.#add(found, point)
    const { also } = found
    if (also !== null && !isRepeated(also, point)) {
      this.#scaled.set(ONE)
      this.#add(also, point)
    }
    if (this.#drops) this.dropped += 1
    return this.#drops
  }

  /** The point's series, with its value in `#scaled`; why it is not a reading; null: it repeats what was said shortly before. */
  #find(rule: MetricRule, point: PointInHand): ReadingSeries | IgnoredReason | null {
    const resource = this.#resourceOf(point)
    const identity = this.#identities.of(this.#sender, resource, rule, this.#body, point, this.#scratch)
    if (identity.reason !== null && identity.isBeforeTime) return identity.reason
    if (point.timeLow === 0 && point.timeHigh === 0) return 'no_time'
    if (identity.reason !== null) return identity.reason
    const { factor, value } = identity.mapping
    if (value !== null) {
      this.#scaled.set(value)
      return identity.mapping.quantity === 'identity' && isRepeated(identity, point) ? null : identity
    }
    const problem = point.isInteger
      ? this.#scaled.ofInteger(point.valueLow, point.valueHigh, factor)
      : this.#scaled.ofDouble(point.double, factor)
    if (problem !== null) return problem
    const isZero = this.#scaled.low === 0 && this.#scaled.high === 0
    return isZero && identity.mapping.zeroIsNone ? 'sentinel' : identity
  }

  #resourceOf({ resourceMessages }: PointInHand): KnownResource | null {
    if (resourceMessages !== this.#resourceMessages) {
      this.#resource = this.#identities.resource(this.#sender, this.#body, resourceMessages)
      this.#resourceMessages = resourceMessages
    }
    return this.#resource
  }

  #add(series: ReadingSeries, point: PointInHand): void {
    const at = this.series.length * PARTS
    if (at === this.#parts.length) this.#parts = grown(this.#parts, at + INITIAL_POINTS * PARTS)
    const parts = this.#parts
    parts[at] = point.timeLow
    parts[at + 1] = point.timeHigh
    parts[at + 2] = point.startLow
    parts[at + 3] = point.startHigh
    parts[at + 4] = this.#scaled.low
    parts[at + 5] = this.#scaled.high
    this.series.push(series)
  }
}

const ONE = 1n
/** Who something is seldom changes; it is said again this often for those who begin to read. */
const IDENTITY_EVERY_MS = 120_000

function isRepeated(series: ReadingSeries, { timeLow, timeHigh }: PointInHand): boolean {
  const ms = ((timeHigh >>> 0) * 4_294_967_296 + (timeLow >>> 0)) / 1e6
  if (ms >= series.identityMs && ms < series.identityMs + IDENTITY_EVERY_MS) return true
  series.identityMs = ms
  return false
}

const NO_BODY = new DataView(new ArrayBuffer(0))

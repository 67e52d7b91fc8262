import { seededRandom } from '../random.ts'

/**
 * Faults between a client and a ClickHouse server. `before`: nothing was done; `after`: everything was, and only the
 * answer is missing or wrong.
 */
export type Fault =
  /** An exception of ClickHouse by its number, such as 252 (too many parts) or 242 (read-only replica). */
  | { readonly kind: 'exception'; readonly code: number; readonly when: 'before' | 'after' }
  /** A load balancer's answer, without a ClickHouse number. */
  | { readonly kind: 'status'; readonly status: number; readonly when: 'before' | 'after' }
  /** The connection is closed; `middle`: with the answer half sent. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'middle' | 'after' }
  /** No answer, until the client gives up. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' }
  /** Done at once, answered this much later. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Started this much later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Done twice, one after the other, and answered once. */
  | { readonly kind: 'twice' }

export type RequestKind = 'insert' | 'select' | 'other' | 'ping'

export interface FaultRule {
  readonly fault: Fault
  /** Kinds of requests it affects; inserts if absent. */
  readonly on?: readonly RequestKind[]
  /** Which port, by index; any if absent. */
  readonly port?: number
  /** Only requests whose text contains this. */
  readonly matching?: string
  /** How often it may occur: once if absent, without limit if a probability is given. */
  readonly times?: number
  /** 1 if absent. */
  readonly probability?: number
}

export interface RequestFacts {
  readonly kind: RequestKind
  readonly port: number
  readonly sql: string
}

/** Decides which request gets which fault: the first matching rule. Repeatable: the same requests, the same faults. */
export class FaultPlan {
  #rules: { readonly rule: FaultRule; left: number }[] = []
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  add(rules: readonly FaultRule[]): void {
    for (const rule of rules) {
      const left = rule.times ?? (rule.probability === undefined ? 1 : Number.POSITIVE_INFINITY)
      this.#rules.push({ rule, left })
    }
  }

  clear(): void {
    this.#rules = []
  }

  next(request: RequestFacts): Fault | null {
    for (const entry of this.#rules) {
      if (entry.left <= 0 || !hits(entry.rule, request)) continue
      if (this.#random() >= (entry.rule.probability ?? 1)) continue
      entry.left -= 1
      return entry.rule.fault
    }
    return null
  }
}

const hits = (rule: FaultRule, request: RequestFacts): boolean =>
  (rule.on ?? ['insert']).includes(request.kind) &&
  (rule.port === undefined || rule.port === request.port) &&
  (rule.matching === undefined || request.sql.includes(rule.matching))

/** Counted under this name. */
export const faultName = (fault: Fault): string =>
  [fault.kind, 'code' in fault ? fault.code : null, 'when' in fault ? fault.when : null]
    .filter(part => part !== null)
    .join(' ')

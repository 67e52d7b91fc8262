/** Terms of a price list as files, the configuration and the API give them: prices as exact decimal text. */

/** Days of the week, Sunday first. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number]

/** Part of the year, both days included: `MM-DD`. One whose end comes before its beginning holds over the new year. */
export interface SeasonTerms {
  readonly from: string
  readonly through: string
}

/**
 * A price for some hours of some days, `[from, to)` as `HH:MM` of local time. A band that reaches over midnight belongs to the day
 * on which it begins.
 */
export interface BandTerms {
  readonly from: string
  readonly to: string
  /** Absent: all. */
  readonly weekdays?: readonly Weekday[] | undefined
  /** 1 to 12; absent: all. */
  readonly months?: readonly number[] | undefined
  readonly season?: SeasonTerms | undefined
  readonly price_per_kwh: string
}

/** Energy prices by time: the first band that matches, else the base price, else none. */
export interface ScheduleTerms {
  readonly price_per_kwh?: string | undefined
  readonly bands: readonly BandTerms[]
}

/** Network charges, levies and taxes: added to whatever energy costs. Where it has no price it is 0. */
export interface ChargeTerms extends ScheduleTerms {
  readonly name: string
}

/** Energy costs what the spot market says, times `multiplier`, plus `markup_per_kwh`. */
export interface SpotTerms {
  /** Bidding zone of the series. */
  readonly zone: string
  readonly multiplier: string
  readonly markup_per_kwh: string
}

/** What a resource price holds for: labels of the workload, all of which must match, `*` as wildcard. */
export interface ResourceMatch {
  readonly label?: Readonly<Record<string, string>> | undefined
  /** Name or id of the host. */
  readonly host?: string | undefined
}

/** Quantities that resource prices are multiplied by, of each resource and minute. */
export const RESOURCE_POLICIES = ['usage', 'request', 'max'] as const
/** What is billed of a resource. */
export type ResourcePolicy = (typeof RESOURCE_POLICIES)[number]

/** Prices of resources; one that is absent comes from the next that matches. */
export interface ResourcePriceTerms {
  readonly price_per_vcpu_hour?: string | undefined
  readonly price_per_gib_hour?: string | undefined
  readonly price_per_gpu_hour?: string | undefined
}

/** Prices of some workloads: spot or reserved capacity, a model of GPU, a type of machine. */
export interface ResourceRuleTerms extends ResourcePriceTerms {
  readonly match: ResourceMatch
  /** Price of the whole machine, shared among its workloads. */
  readonly price_per_host_hour?: string | undefined
}

/** What energy and resources cost, without where, when and for whom. */
export interface TariffTerms extends ScheduleTerms, ResourcePriceTerms {
  /** ISO 4217 */
  readonly currency: string
  /** IANA name: the bands are local times of it. */
  readonly time_zone: string
  /** Local dates, `YYYY-MM-DD`, that count as Sundays. */
  readonly holidays: readonly string[]
  readonly charges: readonly ChargeTerms[]
  readonly spot?: SpotTerms | undefined
  /** What is billed: use (where absent), what was reserved, or the larger of the two. */
  readonly resource_policy?: ResourcePolicy | undefined
  /** First match first. */
  readonly resource_prices: readonly ResourceRuleTerms[]
}

/** A price list: prices, and for whom, where and when they hold. */
export interface PriceListTerms extends TariffTerms {
  readonly name: string
  /** Absent: all tenants. */
  readonly tenant?: string | undefined
  /** Account, `*` as wildcard; absent: all. */
  readonly account?: string | undefined
  /** Grid zone of the host; absent: all. */
  readonly zone?: string | undefined
  /** ISO 8601, `[from, to)`; absent: open. */
  readonly valid_from?: string | undefined
  readonly valid_to?: string | undefined
  readonly source?: string | undefined
}

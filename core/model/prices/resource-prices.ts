/** What resources cost, by labels and host of a workload. */
import { parseDecimal, type Rational, rational } from '../decimal.ts'
import { wildcard } from '../wildcard.ts'
import type { ResourceMatch, ResourcePolicy, ResourceRuleTerms, TariffTerms } from './terms.ts'

/** What rules look at. */
export interface Priced {
  readonly host: string
  readonly hostName: string
  readonly labels: Readonly<Record<string, string>>
}

/** Currency units for each unit of a resource; null: not priced. */
export interface UnitPrices {
  readonly perVcpuHour: Rational | null
  readonly perGibHour: Rational | null
  readonly perGpuHour: Rational | null
  /** Price of the whole machine, shared among its workloads. */
  readonly perHostHour: Rational | null
}

/** Prices of resources as the rater asks for them. */
export interface ResourcePrices {
  /** What is billed of CPU, memory and GPU. */
  readonly policy: ResourcePolicy
  /** Whether all workloads have the same prices. */
  readonly isUniform: boolean
  /** Null: nothing is priced. */
  of(workload: Priced): UnitPrices | null
}

/** Null: these terms price no resources. @throws RangeError for a price that is not a decimal */
export function createResourcePrices(terms: TariffTerms): ResourcePrices | null {
  const rules = [...terms.resource_prices.map(compileRule), { matches: () => true, ...unitPrices(terms) }]
  const prices = rules.flatMap(rule => KINDS.map(kind => rule[kind]))
  if (prices.every(price => price === null)) return null
  return {
    policy: terms.resource_policy ?? 'usage',
    isUniform: rules.length === 1,
    of(workload) {
      const matching = rules.filter(rule => rule.matches(workload))
      const first = (kind: (typeof KINDS)[number]): Rational | null =>
        matching.find(rule => rule[kind] !== null)?.[kind] ?? null
      const found = {
        perVcpuHour: first('perVcpuHour'),
        perGibHour: first('perGibHour'),
        perGpuHour: first('perGpuHour'),
        perHostHour: first('perHostHour'),
      }
      return KINDS.every(kind => found[kind] === null) ? null : found
    },
  }
}

const KINDS = [
  'perVcpuHour',
  'perGibHour',
  'perGpuHour',
  'perHostHour',
] as const satisfies readonly (keyof UnitPrices)[]

const compileRule = (rule: ResourceRuleTerms) => ({ matches: matcher(rule.match), ...unitPrices(rule) })

function unitPrices(terms: Partial<Omit<ResourceRuleTerms, 'match'>>): UnitPrices {
  const price = (text: string | undefined): Rational | null =>
    text === undefined ? null : rational(parseDecimal(text))
  return {
    perVcpuHour: price(terms.price_per_vcpu_hour),
    perGibHour: price(terms.price_per_gib_hour),
    perGpuHour: price(terms.price_per_gpu_hour),
    perHostHour: price(terms.price_per_host_hour),
  }
}

function matcher({ label, host }: ResourceMatch): (workload: Priced) => boolean {
  const labels = Object.entries(label ?? {}).map(([key, pattern]) => [key, wildcard(pattern)] as const)
  const isHost = host === undefined ? () => true : wildcard(host)
  return ({ host: id, hostName, labels: given }) =>
    (isHost(hostName) || isHost(id)) &&
    labels.every(([key, matches]) => given[key] !== undefined && matches(given[key]))
}

/** What a rule holds for, in words. */
export const matchText = ({ label, host }: ResourceMatch): string =>
  [
    ...Object.entries(label ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(host === undefined ? [] : [`host ${host}`]),
  ].join(', ')

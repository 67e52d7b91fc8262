/** Statements of `check: energy`, `carbon`, `carbon_operational` and `cost`: sums of the ledger per hour, by labels and of a part of it that the rule names. */
import type { UsageMeasure } from './checks.ts'

/** What a rule may sum by, and choose by: a label's name and its column. */
const USAGE_LABELS = {
  account: 'Account',
  host: 'HostName',
  zone: 'Zone',
  namespace: 'Namespace',
  workload: "if(WorkloadName != '', WorkloadName, WorkloadId)",
  kind: 'WorkloadKind',
  component: 'Component',
  share: 'Share',
} as const

/** Name of such a label. */
export type UsageLabel = keyof typeof USAGE_LABELS

/** All of them. */
export const USAGE_LABEL_NAMES = Object.keys(USAGE_LABELS) as [UsageLabel, ...UsageLabel[]]

/** A part of the ledger. */
export interface UsageScope {
  readonly by: readonly UsageLabel[]
  /** Values by label, `*` as wildcard. */
  readonly where: Readonly<Partial<Record<UsageLabel, string>>>
}

/** A statement and what is bound to it, beside `from` and `to`. */
export interface UsageSql {
  readonly sql: string
  readonly params: Readonly<Record<string, string>>
}

/** Per hour, whatever the length of the window. */
const perHour = (sum: string): string =>
  `${sum} * 3600 / dateDiff('second', {from:DateTime('UTC')}, {to:DateTime('UTC')})`

/** NULL where nothing has a factor: unknown is not 0. */
const VALUES: Readonly<Record<UsageMeasure, string>> = {
  energy: perHour('sum(EnergyUj) / 3.6e12'),
  carbon: perHour('(sum(CarbonOperationalUg) + ifNull(sum(CarbonEmbodiedUg), 0)) / 1e6'),
  carbon_operational: perHour('sum(CarbonOperationalUg) / 1e6'),
  cost: `if(count(CostEnergyNano) + count(CostResourceNano) = 0, NULL, ${perHour('sum(ifNull(CostEnergyNano, 0) + ifNull(CostResourceNano, 0)) / 1e9')})`,
}

/** The sum of a measure; money has a label `currency` in addition. */
export function usageSql(measure: UsageMeasure, { by, where }: UsageScope): UsageSql {
  const conditions = ["WindowStart >= {from:DateTime('UTC')}", "WindowStart < {to:DateTime('UTC')}"]
  const params: Record<string, string> = {}
  for (const [label, pattern] of Object.entries(where)) {
    conditions.push(`${USAGE_LABELS[label as UsageLabel]} LIKE {where_${label}:String}`)
    params[`where_${label}`] = likePattern(pattern)
  }
  const labels = [
    ...by.map(label => `${USAGE_LABELS[label]} AS ${label}`),
    ...(measure === 'cost' ? ['Currency AS currency'] : []),
  ]
  const groups = [...by, ...(measure === 'cost' ? ['currency'] : [])]
  return {
    sql:
      `SELECT ${[...labels, `${VALUES[measure]} AS value`].join(', ')} FROM ledger WHERE ${conditions.join(' AND ')}` +
      // Without labels the sum of nothing would be a row.
      `${groups.length === 0 ? ' HAVING count() > 0' : ` GROUP BY ${groups.join(', ')}`}`,
    params,
  }
}

const likePattern = (pattern: string): string => pattern.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%')

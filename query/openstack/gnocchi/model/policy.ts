/** The one archive policy: Wattline keeps points as they came and aggregates them when asked. */

import { pythonSpan } from '../../shared/times.ts'
import { METHOD_NAMES } from './methods.ts'

/** Name of the policy, and of the rule by which every metric has it. */
export const ARCHIVE_POLICY_NAME = 'wattline'

const DAY_S = 86_400

/** What is answered where no granularity is asked for: of each granularity, as far back as `timespan`. Coarsest first. */
export const DEFAULT_GRANULARITIES: readonly { readonly seconds: number; readonly timespan: number }[] = [
  { seconds: DAY_S, timespan: 400 * DAY_S },
  { seconds: 3_600, timespan: 90 * DAY_S },
  { seconds: 60, timespan: 7 * DAY_S },
]

/** As Gnocchi shows it. */
export const POLICY = {
  name: ARCHIVE_POLICY_NAME,
  back_window: 0,
  definition: DEFAULT_GRANULARITIES.toReversed().map(({ seconds, timespan }) => ({
    timespan: pythonSpan(timespan),
    granularity: pythonSpan(seconds),
    points: timespan / seconds,
  })),
  aggregation_methods: METHOD_NAMES,
} as const

/** The rule, as Gnocchi shows it. */
export const POLICY_RULE = {
  name: ARCHIVE_POLICY_NAME,
  metric_pattern: '*',
  archive_policy_name: ARCHIVE_POLICY_NAME,
} as const

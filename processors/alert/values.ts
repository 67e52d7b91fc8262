/** Where the values of rules come from: statements, budgets, factors in force, readers of the log. */

import type { EvaluatedRule } from '../../core/alerting/rules.ts'
import { usageSql } from '../../core/alerts/usage-sql.ts'
import type { Broker } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import type { LogReader } from '../../core/model/streams/readers.ts'
import { answerLines } from '../../core/warehouse/answer-lines.ts'
import type { QueryParam, Warehouse } from '../../core/warehouse/warehouse.ts'
import { budgetValues } from './budget-values.ts'
import { intensitySamples } from './intensity-values.ts'
import { lagValues } from './lag-values.ts'
import { type ReadSamples, sampleOf } from './samples.ts'

/** Alerts that one rule may have; more are a mistake in its statement. */
export const MOST_ALERTS = 10_000

/** What values are read from. */
export interface ValueSources {
  readonly config: Pick<Config, 'limits' | 'billing' | 'tariffs'>
  readonly warehouse: Pick<Warehouse, 'fenced' | 'query'>
  readonly broker: Pick<Broker, 'lag'>
  readonly readers: readonly LogReader[]
  readonly books: () => Promise<FactorBooks>
  /** Wall clock, unix ms. */
  readonly now: () => number
}

const MINUTE = 60

/** Reads the values of a rule from where its source says. */
export const readValuesOf =
  (sources: ValueSources): ReadSamples =>
  async (tenant, rule, at, signal) => {
    const { source, scope, windowSeconds } = rule
    // Windows of the ledger are whole minutes: the last one is never half of one.
    const to = Math.floor(at / MINUTE) * MINUTE
    const window = { from: to - Math.max(MINUTE, Math.round(windowSeconds / MINUTE) * MINUTE), to }
    switch (source.kind) {
      case 'sql': {
        const params = source.minutes ? window : { from: at - windowSeconds, to: at }
        const origin = source.isOwn ? ('own' as const) : undefined
        return await statementValues(sources, rule, { sql: source.sql, params, origin, tenant, signal })
      }
      case 'usage': {
        const { sql, params } = usageSql(source.measure, scope)
        const asked = { sql, params: { ...params, ...window }, origin: 'own', tenant, signal } as const
        return await statementValues(sources, rule, asked)
      }
      case 'budget':
        return await budgetValues(sources, source.figure, tenant, window)
      case 'intensity':
        return intensitySamples((await sources.books()).intensities, at)
      case 'lag':
        return await lagValues(sources.broker, sources.readers, sources.now())
    }
  }

interface ValuesQuery {
  readonly sql: string
  readonly params: Readonly<Record<string, QueryParam>>
  readonly origin: 'own' | undefined
  readonly tenant: string
  readonly signal: AbortSignal
}

/** Rows of the rule's tenant, behind the fence of all readers and within the limits of all statements. */
async function statementValues(
  { warehouse, config: { limits } }: ValueSources,
  rule: EvaluatedRule,
  { sql, params, origin, tenant, signal }: ValuesQuery,
): ReturnType<ReadSamples> {
  const { seconds: maxSeconds, memory_bytes: maxMemoryBytes } = limits.sql
  const { chunks } = await warehouse.fenced({
    sql,
    ...(origin === undefined ? {} : { origin }),
    params,
    tenant,
    accounts: null,
    format: 'JSONEachRow',
    limits: { maxSeconds, maxMemoryBytes, maxResultRows: MOST_ALERTS },
    signal,
  })
  return (await answerLines(chunks)).map(line => sampleOf(rule, line))
}

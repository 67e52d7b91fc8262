/**
 * Makes the factors known: every built-in average, a configured intensity and the configured tariff go into stream
 * `factors`, and from there into the tables, so that the versions in a ledger entry join to what they stand for.
 */
import type { Broker, NewRecord } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { intensityRow } from '../../core/factors/intensity-days.ts'
import { digest } from '../../core/model/digest.ts'
import { yearlyIntensities } from '../../core/model/factor.ts'
import {
  EVERY,
  FACTOR_VERSIONS,
  factorKey,
  factors,
  gridIntensity,
  tariffs,
} from '../../core/model/streams/factors.ts'
import type { RowOf, StreamDeclaration } from '../../core/model/streams/stream.ts'
import { intensityOf, tariffOf } from './factors.ts'

type FactorConfig = Pick<Config, 'factors' | 'tariffs'>

/**
 * Appends what the log does not have as the newest of its key: a restart appends nothing, another configuration what
 * differs. Two that start at once may both append it, which changes nothing. Call it before `rate` runs: what an entry
 * names is durable before the entry.
 */
export async function publishFactors(
  broker: Pick<Broker, 'newest' | 'append'>,
  config: FactorConfig,
  nowMs: number,
): Promise<void> {
  const known = await broker.newest(factors.name)
  const changed = recordsOf(config, nowMs).filter(
    ({ key, headers }) => known.get(key)?.headers[FACTOR_VERSIONS] !== headers[FACTOR_VERSIONS],
  )
  if (changed.length > 0) await broker.append(factors.name, 0, changed)
}

type FactorRecord = Required<NewRecord>

function recordsOf(config: FactorConfig, nowMs: number): readonly FactorRecord[] {
  const inForce = intensityOf(config.factors)
  const builtIn = yearlyIntensities()
  // The average in force is one of the built-in ones, unless configured.
  const isConfigured = inForce !== null && !builtIn.some(({ version }) => version === inForce.version)
  const record = <S extends StreamDeclaration>(
    table: S,
    of: readonly string[],
    rows: readonly (RowOf<S> & { readonly Version: string })[],
  ): FactorRecord => ({
    key: factorKey(table, ...of),
    value: encodeRows(table, rows),
    headers: { [FACTOR_VERSIONS]: digest(rows.map(row => row.Version).join(), 16) },
    timestampMs: nowMs,
  })
  const prices = tariffRows(config.tariffs)
  return [
    record(gridIntensity, ['average', EVERY], builtIn.map(intensityRow)),
    ...(isConfigured ? [record(gridIntensity, [inForce.kind, inForce.zone], [intensityRow(inForce)])] : []),
    ...(prices.length > 0 ? [record(tariffs, [EVERY], prices)] : []),
  ]
}

function tariffRows(configured: Config['tariffs']): readonly RowOf<typeof tariffs>[] {
  const { currency, listed } = tariffOf(configured)
  return listed.map(price => ({
    Tenant: '',
    Zone: '',
    Currency: currency,
    ValidFrom: 0,
    ValidTo: null,
    Value: price.value,
    Unit: price.unit,
    Kind: price.kind,
    State: 'final',
    Source: `configuration; ${price.holds}`,
    Version: price.version,
  }))
}

/**
 * Makes the factors visible by SQL: every built-in average, a configured intensity and the configured tariff go into the
 * tables `grid_intensity` and `tariffs`, so that the versions in a ledger entry join to what they stand for.
 */
import { encodeRows } from '../../core/columns/rows.ts'
import { decimalText } from '../../core/model/decimal.ts'
import { digest } from '../../core/model/digest.ts'
import { yearlyIntensities } from '../../core/model/factor.ts'
import { gridIntensity, tariffs } from '../../core/model/streams/factors.ts'
import type { RowOf, StreamDeclaration } from '../../core/model/streams/stream.ts'
import type { Config } from '../../core/runtime/config/schema.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { intensityOf, tariffOf } from './factors.ts'

type Prices = Pick<Config, 'factors' | 'tariffs'>

/**
 * Adds the versions that the tables lack: a restart changes nothing, another configuration adds rows, and none are ever
 * taken away, since older entries name them. Call it before `rate` runs.
 */
export async function publishFactors(
  warehouse: Pick<Warehouse, 'database' | 'query' | 'insert'>,
  config: Prices,
): Promise<void> {
  await addMissing(warehouse, gridIntensity, intensityRows(config.factors))
  await addMissing(warehouse, tariffs, tariffRows(config.tariffs))
}

async function addMissing<S extends StreamDeclaration>(
  warehouse: Pick<Warehouse, 'database' | 'query' | 'insert'>,
  table: S,
  rows: readonly (RowOf<S> & { readonly Version: string })[],
): Promise<void> {
  const stored = await warehouse.query<{ Version: string }>(
    `SELECT DISTINCT Version FROM ${warehouse.database}.${table.name}`,
  )
  const known = new Set(stored.map(row => row.Version))
  const missing = rows.filter(row => !known.has(row.Version))
  if (missing.length === 0) return
  const token = digest(missing.map(row => row.Version).join(), 16)
  await warehouse.insert(table, encodeRows(table, missing), `${table.name}/${token}`)
}

function intensityRows(factors: Config['factors']): readonly RowOf<typeof gridIntensity>[] {
  const inForce = intensityOf(factors)
  const all = [...yearlyIntensities(), ...(inForce === null ? [] : [inForce])]
  // The average in force is one of the built-in ones, unless configured.
  const once = new Map(all.map(factor => [factor.version, factor]))
  return [...once.values()].map(factor => ({
    Zone: factor.zone,
    ValidFrom: factor.validFrom ?? 0,
    ValidTo: factor.validTo === null ? null : BigInt(factor.validTo),
    Value: decimalText(factor.value),
    Unit: factor.unit,
    Kind: factor.kind,
    State: factor.state,
    Source: factor.source,
    Version: factor.version,
  }))
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

/**
 * Makes the factors known: every built-in average, a configured intensity and the configured tariff go into stream
 * `factors`, and from there into the tables, so that the versions in a ledger entry join to what they stand for.
 */
import type { Broker } from '../../core/broker/broker.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import {
  type ConfiguredFactors,
  type ConfiguredPrices,
  configuredEmbodied,
  configuredFactors,
  configuredPue,
} from '../../core/factors/configured.ts'
import { embodiedRow } from '../../core/factors/hosts/embodied.ts'
import { pueRow } from '../../core/factors/hosts/pue.ts'
import { intensityRow } from '../../core/factors/intensity-days.ts'
import { priceRows, tenantPart } from '../../core/factors/prices/list-records.ts'
import { type FactorRecord, factorRecord } from '../../core/factors/records/factor-log.ts'
import { type Factor, yearlyIntensities } from '../../core/model/factor.ts'
import type { PriceList } from '../../core/model/prices/price-list.ts'
import {
  EVERY,
  embodiedFactors,
  FACTOR_VERSIONS,
  factorKey,
  factors,
  gridIntensity,
  pueFactors,
  tariffs,
} from '../../core/model/streams/factors.ts'

type FactorConfig = Pick<Config, 'factors' | 'tariffs' | 'sites'>

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
  const records = recordsOf(config, nowMs)
  const known = await broker.newest(factors.name, { keys: new Set(records.map(({ key }) => key)) })
  const changed = records.filter(
    ({ key, headers }) => known.get(key)?.headers[FACTOR_VERSIONS] !== headers[FACTOR_VERSIONS],
  )
  if (changed.length > 0) await broker.append(factors.name, 0, changed)
}

function recordsOf(config: FactorConfig, nowMs: number): readonly FactorRecord[] {
  const { intensity: inForce, prices, pue, embodied } = configuredFactors(config)
  const builtIn = yearlyIntensities()
  // The average in force is one of the built-in ones, unless configured.
  const isConfigured = inForce !== null && !builtIn.some(({ version }) => version === inForce.version)
  const averages = (zone: string, values: readonly Factor[]): FactorRecord =>
    factorRecord(gridIntensity, factorKey(gridIntensity, 'average', zone), values.map(intensityRow), nowMs)
  return [
    averages(EVERY, builtIn),
    ...(isConfigured ? [averages(inForce.zone, [inForce])] : []),
    ...tariffRecords(prices, nowMs),
    ...hostRecords(config, { pue, embodied }, nowMs),
  ]
}

function tariffRecords({ lists, otherwise }: ConfiguredPrices, nowMs: number): readonly FactorRecord[] {
  const record = (list: PriceList, ...key: readonly string[]): readonly FactorRecord[] => {
    const rows = priceRows(list, list.terms.source ?? 'configuration')
    return rows.length === 0 ? [] : [factorRecord(tariffs, factorKey(tariffs, ...key), rows, nowMs)]
  }
  return [
    ...record(otherwise, EVERY),
    ...lists.flatMap(list => record(list, 'config', tenantPart(list.terms.tenant), list.terms.name)),
  ]
}

/** What entries of hosts name: values by site and for all hosts, and those by time and type. */
function hostRecords(
  { factors: keys, sites }: FactorConfig,
  { pue, embodied }: Pick<ConfiguredFactors, 'pue' | 'embodied'>,
  nowMs: number,
): readonly FactorRecord[] {
  const pues = [configuredPue(keys, {}), ...sites.map(site => configuredPue(keys, site)), ...pue]
  const types = [
    configuredEmbodied(keys, {}),
    ...sites.map(site => configuredEmbodied(keys, site)),
    ...embodied,
  ]
  const known = types.filter(one => one !== null)
  return [
    factorRecord(pueFactors, factorKey(pueFactors, 'config'), distinct(pues.map(pueRow)), nowMs),
    ...(known.length === 0
      ? []
      : [
          factorRecord(
            embodiedFactors,
            factorKey(embodiedFactors, 'config'),
            distinct(known.map(embodiedRow)),
            nowMs,
          ),
        ]),
  ]
}

const distinct = <T extends { readonly Version: string }>(rows: readonly T[]): readonly T[] => [
  ...new Map(rows.map(row => [row.Version, row])).values(),
]

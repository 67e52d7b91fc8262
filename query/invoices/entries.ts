/** From a line of a bill to the ledger entries behind it, with the factors and tariffs that rated them. */
import type { FactorAnswer, LineEntriesAnswer, LineEntryAnswer } from '../../core/api/answers.ts'
import { resourceTariff, versionParts } from '../../core/billing/charges.ts'
import { femtoText } from '../../core/billing/money.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { InvoiceLineRow } from '../../core/model/streams/invoices.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'

/** Which entries of a line. */
export interface EntriesPage {
  readonly limit: number
  readonly offset: number
}

/** The condition that a line's entries fulfil, as SQL that people can use as it is. */
function condition(line: InvoiceLineRow): string {
  const isEnergy = line.Sku.startsWith('energy-')
  const equal = { Account: line.Account, Currency: line.Currency, Zone: line.Zone, Share: line.Share }
  const at = (seconds: number): string =>
    quoteText(new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '))
  return [
    ...Object.entries(equal).map(([name, value]) => `${name} = ${quoteText(value)}`),
    `WindowStart >= toDateTime(${at(line.ServiceStart)}, 'UTC')`,
    `WindowStart < toDateTime(${at(line.ServiceEnd)}, 'UTC')`,
    isEnergy
      ? `TariffVersion = ${quoteText(line.TariffVersion)}`
      : `position(TariffVersion, ${quoteText(resourceTariff(line.TariffVersion))}) > 0 AND CostResourceNano != 0`,
  ].join(' AND ')
}

const COLUMNS = [
  'toString(WindowStart) AS window_start',
  'Host AS host',
  'HostName AS host_name',
  'WorkloadKind AS workload_kind',
  'WorkloadId AS workload_id',
  'WorkloadName AS workload_name',
  'Namespace AS namespace',
  'Component AS component',
  'Share AS share',
  'toString(EnergyUj) AS energy_uj',
  'toString(CarbonOperationalUg) AS carbon_operational_ug',
  'toString(CarbonEmbodiedUg) AS carbon_embodied_ug',
  'toString(CostEnergyNano) AS cost_energy_nano',
  'toString(CostResourceNano) AS cost_resource_nano',
  'Coverage AS coverage',
  'EnergyQuality AS energy_quality',
  'EnergySource AS energy_source',
  'Method AS method',
  'IdlePolicy AS idle_policy',
  'Pue AS pue',
  'IntensityVersion AS intensity_version',
  'IntensityState AS intensity_state',
  'TariffVersion AS tariff_version',
  'EntryKind AS entry_kind',
  'CorrectionReason AS correction_reason',
  'Revision AS revision',
  'Reason AS reason',
  'EntryId AS entry_id',
]

type EntryRow = Omit<LineEntryAnswer, 'intensity' | 'tariffs' | 'readings_sql'>

/** @throws WattlineError `not_found` for a line that is a tax, a credit or a commitment: no entries are behind it */
export async function readEntries(
  reader: FencedReader,
  line: InvoiceLineRow,
  { limit, offset }: EntriesPage,
): Promise<LineEntriesAnswer> {
  if (line.Category !== 'Usage') {
    throw new WattlineError(
      'not_found',
      `Line ${line.Line} (${line.Sku}) follows from other lines, not from entries.`,
    )
  }
  const where = condition(line)
  const from = `FROM ${tableName('ledger')} WHERE Tenant = {tenant:String} AND ${where}`
  const params = { tenant: line.Tenant }
  const rows = await reader.query<EntryRow>(
    `SELECT ${COLUMNS.join(', ')} ${from} ORDER BY WindowStart, Host, WorkloadId, Component, EntryId LIMIT ${limit + 1} OFFSET ${offset}`,
    params,
  )
  const page = rows.slice(0, limit)
  const factors = await factorsOf(reader, page)
  return {
    invoice: line.InvoiceId,
    line: line.Line,
    sql: `SELECT * FROM ledger WHERE ${where} ORDER BY WindowStart`,
    sums: await sumsOf(reader, line, where),
    entries: page.map(row => ({
      ...row,
      intensity: factors.get(row.intensity_version) ?? null,
      tariffs: versionParts(row.tariff_version).flatMap(part => factors.get(part) ?? []),
      readings_sql: readingsSql(row),
    })),
    next: rows.length > limit ? offset + limit : null,
  }
}

/** Readings of the minute and the samples around it, which its energy was computed from. */
const readingsSql = ({ host, window_start: start }: EntryRow): string =>
  `SELECT * FROM readings WHERE Host = ${quoteText(host)} AND Timestamp >= toDateTime(${quoteText(start)}, 'UTC') - 300 ` +
  `AND Timestamp <= toDateTime(${quoteText(start)}, 'UTC') + 360 ORDER BY Timestamp`

async function sumsOf(
  reader: FencedReader,
  line: InvoiceLineRow,
  where: string,
): Promise<LineEntriesAnswer['sums']> {
  const isEnergy = line.Sku.startsWith('energy-')
  const [sum] = await reader.query<{ n: string; energy: string; carbon: string; cost: string }>(
    `SELECT toString(count()) AS n, toString(sum(toInt128(EnergyUj))) AS energy,
       toString(sum(toInt128(ifNull(CarbonOperationalUg, 0)))) AS carbon,
       toString(sum(toInt128(ifNull(${isEnergy ? 'CostEnergyNano' : 'CostResourceNano'}, 0)))) AS cost
     FROM ${tableName('ledger')} WHERE Tenant = {tenant:String} AND ${where}`,
    { tenant: line.Tenant },
  )
  // Resources of one tariff share the cost of their entries.
  const skus = isEnergy ? [line.Sku] : ['vcpu-hours', 'gib-hours', 'gpu-hours', 'resources']
  const [billed] = await reader.query<{ billed: string }>(
    `SELECT toString(sum(ListCost)) AS billed FROM ${tableName('invoice_lines')} FINAL WHERE Tenant = {tenant:String}
       AND Account = {account:String} AND Currency = {currency:String} AND ServicePeriod = {period:String}
       AND Category = 'Usage' AND Sku IN {skus:Array(String)} AND Zone = {zone:String} AND Share = {share:String}
       AND TariffVersion = {tariff:String}`,
    {
      tenant: line.Tenant,
      account: line.Account,
      currency: line.Currency,
      period: line.ServicePeriod,
      skus,
      zone: line.Zone,
      share: line.Share,
      tariff: line.TariffVersion,
    },
  )
  return {
    entries: sum?.n ?? '0',
    energy_uj: sum?.energy ?? '0',
    carbon_operational_ug: sum?.carbon ?? '0',
    cost: femtoText(BigInt(sum?.cost ?? '0') * 1_000_000n),
    billed: billed?.billed ?? '0',
  }
}

/** What the versions of a page stand for. */
async function factorsOf(
  reader: FencedReader,
  rows: readonly EntryRow[],
): Promise<ReadonlyMap<string, FactorAnswer>> {
  const versions = [
    ...new Set(rows.flatMap(row => [row.intensity_version, ...versionParts(row.tariff_version)])),
  ].filter(version => version !== '')
  if (versions.length === 0) return new Map()
  const columns =
    'Version AS version, Value AS value, toString(Unit) AS unit, toString(State) AS state, Source AS source'
  const found = await reader.query<FactorAnswer>(
    `SELECT DISTINCT ${columns} FROM ${tableName('grid_intensity')} WHERE Version IN {versions:Array(String)}
     UNION ALL SELECT DISTINCT ${columns} FROM ${tableName('tariffs')} WHERE Version IN {versions:Array(String)}`,
    { versions },
  )
  return new Map(found.map(factor => [factor.version, factor]))
}

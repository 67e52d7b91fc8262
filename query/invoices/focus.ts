/**
 * Lines of closed bills as rows of FOCUS 1.2, dataset Cost and Usage. The engine makes them, so that CSV and Parquet have the same
 * columns and values. What Wattline adds is called x_...
 */
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { tableName } from '../fence/tables.ts'

type FocusType = 'text' | 'decimal' | 'time' | 'integer'

interface FocusColumn {
  readonly name: string
  readonly type: FocusType
  /** Over a line `l` and its bill `i`; NULL where the column has no value. */
  readonly sql: string
}

/** Usage that a price is charged for. Usage without a price, or with one below 0, is none to FOCUS, which wants a price from 0. */
const CATEGORY =
  "multiIf(l.Category != 'Usage', toString(l.Category), l.ListUnitPrice = '' OR startsWith(l.ListUnitPrice, '-'), 'Adjustment', 'Usage')"
const IS_USAGE = `(${CATEGORY} = 'Usage')`
const IS_ENERGY = "startsWith(l.Sku, 'energy-')"
const decimalOf = (text: string): string => `toDecimal128OrNull(${text}, 15)`
const kwhOf = (column: string): string => `toDecimal128(l.${column}, 15) / 3600000000000`
const gramsOf = (column: string): string => `toDecimal128(l.${column}, 15) / 1000000`
const when = (condition: string, value: string): string => `if(${condition}, ${value}, NULL)`
const named = (column: string): string => `nullIf(toString(${column}), '')`

const NO_TEXT = "CAST(NULL, 'Nullable(String)')"

const text = (name: string, sql: string): FocusColumn => ({ name, type: 'text', sql })
const decimal = (name: string, sql: string): FocusColumn => ({ name, type: 'decimal', sql })
const time = (name: string, sql: string): FocusColumn => ({ name, type: 'time', sql })

/** All columns, in order: those of FOCUS 1.2 that apply, then ours. */
export const FOCUS_COLUMNS: readonly FocusColumn[] = [
  decimal('BilledCost', 'l.BilledCost'),
  text('BillingAccountId', 'toString(l.Account)'),
  text('BillingAccountName', 'i.AccountName'),
  text('BillingCurrency', 'toString(l.Currency)'),
  time('BillingPeriodEnd', 'i.PeriodEnd'),
  time('BillingPeriodStart', 'i.PeriodStart'),
  text('ChargeCategory', CATEGORY),
  text('ChargeClass', named('l.Class')),
  text('ChargeDescription', 'l.Description'),
  text(
    'ChargeFrequency',
    "multiIf(l.Category = 'Usage', 'Usage-Based', l.Category = 'Credit', 'One-Time', 'Recurring')",
  ),
  time('ChargePeriodEnd', 'l.ServiceEnd'),
  time('ChargePeriodStart', 'l.ServiceStart'),
  // There are no commitment discounts; the rules of ConsumedQuantity name the column.
  text('CommitmentDiscountStatus', NO_TEXT),
  decimal(
    'ConsumedQuantity',
    when(IS_USAGE, `if(${IS_ENERGY}, ${kwhOf('EnergyUj')}, ${decimalOf('l.Quantity')})`),
  ),
  text('ConsumedUnit', when(IS_USAGE, named('l.Unit'))),
  decimal('ContractedCost', 'l.ContractedCost'),
  decimal('ContractedUnitPrice', when(IS_USAGE, decimalOf('l.ContractedUnitPrice'))),
  decimal('EffectiveCost', 'l.EffectiveCost'),
  text('InvoiceId', 'l.Number'),
  text('InvoiceIssuerName', 'i.Issuer'),
  decimal('ListCost', 'l.ListCost'),
  decimal('ListUnitPrice', when(IS_USAGE, decimalOf('l.ListUnitPrice'))),
  text(
    'PricingCategory',
    when(IS_USAGE, "if(position(l.TariffVersion, '+spot:') > 0, 'Dynamic', 'Standard')"),
  ),
  text('PricingCurrency', 'toString(l.Currency)'),
  decimal('PricingCurrencyContractedUnitPrice', when(IS_USAGE, decimalOf('l.ContractedUnitPrice'))),
  decimal('PricingCurrencyEffectiveCost', 'l.EffectiveCost'),
  decimal('PricingCurrencyListUnitPrice', when(IS_USAGE, decimalOf('l.ListUnitPrice'))),
  decimal('PricingQuantity', when(IS_USAGE, decimalOf('l.Quantity'))),
  text('PricingUnit', when(IS_USAGE, named('l.Unit'))),
  text('ProviderName', 'i.Issuer'),
  text('PublisherName', 'i.Issuer'),
  text('RegionId', named('l.Zone')),
  text('RegionName', named('l.Zone')),
  text('ServiceCategory', "if(l.Category IN ('Tax', 'Credit'), 'Other', 'Compute')"),
  text(
    'ServiceName',
    `multiIf(${IS_ENERGY}, 'Energy', l.Category = 'Usage', 'Compute Resources', l.Category = 'Adjustment', 'Contract', toString(l.Category))`,
  ),
  text('ServiceSubcategory', "if(l.Category IN ('Tax', 'Credit'), 'Other (Other)', 'Other (Compute)')"),
  text('SkuId', when(IS_USAGE, 'toString(l.Sku)')),
  text('SkuMeter', when(IS_USAGE, `if(${IS_ENERGY}, 'Energy', toString(l.Sku))`)),
  text('SkuPriceDetails', NO_TEXT),
  text('SkuPriceId', when(IS_USAGE, "concat(l.Sku, '/', l.Zone, '/', l.TariffVersion)")),
  decimal('x_EnergyKwh', kwhOf('EnergyUj')),
  decimal('x_CarbonOperationalGrams', gramsOf('CarbonOperationalUg')),
  decimal('x_CarbonEmbodiedGrams', gramsOf('CarbonEmbodiedUg')),
  decimal('x_EnergyMeasuredKwh', kwhOf('MeasuredUj')),
  decimal('x_EnergyInterpolatedKwh', kwhOf('InterpolatedUj')),
  decimal('x_EnergyEstimatedKwh', kwhOf('EstimatedUj')),
  decimal('x_EnergySimulatedKwh', kwhOf('SimulatedUj')),
  decimal('x_EnergyWithoutPriceKwh', kwhOf('UnpricedCostUj')),
  decimal('x_EnergyWithoutCarbonFactorKwh', kwhOf('UnpricedCarbonUj')),
  decimal(
    'x_Coverage',
    when("l.Category = 'Usage' AND l.Entries > 0 AND l.Class = ''", 'l.Coverage / l.Entries'),
  ),
  text('x_ServicePeriod', 'toString(l.ServicePeriod)'),
  text('x_TariffVersion', named('l.TariffVersion')),
  { name: 'x_InvoiceLine', type: 'integer', sql: 'toInt64(l.Line)' },
  { name: 'x_LedgerEntries', type: 'integer', sql: 'l.Entries' },
]

/** As a file of its own types has it. */
const TYPED: Readonly<Record<FocusType, (sql: string) => string>> = {
  text: sql => sql,
  decimal: sql => `(${sql})`,
  time: sql => `toDateTime64(${sql}, 3, 'UTC')`,
  integer: sql => sql,
}

/** As CSV has it: exact decimals; '' where there is nothing. */
const AS_TEXT: Readonly<Record<FocusType, (sql: string) => string>> = {
  text: sql => `ifNull(${sql}, '')`,
  decimal: sql => `ifNull(toString(${sql}), '')`,
  time: sql => `formatDateTime(${sql}, '%Y-%m-%dT%H:%i:%SZ', 'UTC')`,
  integer: sql => `toString(${sql})`,
}

/** Which lines. */
export interface FocusRequest {
  readonly period: string
  readonly account?: string | undefined
}

/** The statement whose rows are those of FOCUS. */
export function focusStatement({ period, account }: FocusRequest, as: 'typed' | 'text'): string {
  const types = as === 'typed' ? TYPED : AS_TEXT
  const columns = FOCUS_COLUMNS.map(({ name, type, sql }) => `${types[type](sql)} AS ${name}`)
  const conditions = [
    `l.Period = ${quoteText(period)}`,
    ...(account === undefined ? [] : [`l.Account = ${quoteText(account)}`]),
  ]
  return (
    `SELECT ${columns.join(', ')} FROM ${tableName('invoice_lines')} AS l ` +
    `INNER JOIN ${tableName('invoices')} AS i ON i.InvoiceId = l.InvoiceId ` +
    `WHERE ${conditions.join(' AND ')} ORDER BY l.Number, l.Line`
  )
}

/** Text of CSV from rows of texts as the engine writes them, a line each. */
export async function* focusCsv(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${FOCUS_COLUMNS.map(({ name }) => name).join(',')}\r\n`)
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    const rows = lines.filter(line => line !== '').map(csvRow)
    if (rows.length > 0) yield Buffer.from(rows.join(''))
  }
  if (rest !== '') yield Buffer.from(csvRow(rest))
}

function csvRow(line: string): string {
  const cells = JSON.parse(line) as readonly string[]
  return `${cells.map(csvCell).join(',')}\r\n`
}

const csvCell = (value: string): string =>
  value === ''
    ? 'NULL'
    : /[",\r\n]/.test(value) || value === 'NULL'
      ? `"${value.replaceAll('"', '""')}"`
      : value

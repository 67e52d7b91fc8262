import { column, type RowOf, type StreamDeclaration } from './stream.ts'

/** Exact money on its way: decimal text in the record, 15 digits behind the point in the table. */
const money = <const Name extends string>(name: Name) =>
  ({ name, kind: 'string', stored: 'Decimal(38, 15)' }) as const

/** Sums of the ledger's integers, which may exceed 64 bits: text in the record. */
const wide = <const Name extends string>(name: Name) => ({ name, kind: 'string', stored: 'Int128' }) as const

const table = (name: string, identity: string, orderBy: readonly string[], ttlFrom: string) =>
  ({
    name,
    engine: 'ReplacingMergeTree',
    identity,
    partitionBy: 'tuple()',
    orderBy,
    ttlFrom,
    retention: 'forever',
    fsync: true,
  }) as const

/** Whose bill, and of which period: in front of every table of bills. */
const OF_BILL = [
  column('Tenant', 'lowCardinality'),
  column('Account', 'lowCardinality'),
  column('Currency', 'lowCardinality'),
  // Civil month in the time zone of billing: 2026-11
  column('Period', 'lowCardinality'),
  // Follows from tenant, account, currency and period.
  column('InvoiceId', 'string'),
  // Without gaps within a tenant.
  column('Number', 'string'),
] as const

/** Bills that are closed: one row each, never changed. */
export const invoices = {
  name: 'invoices',
  key: 'none',
  columns: [
    ...OF_BILL,
    column('AccountName', 'string'),
    column('Issuer', 'string'),
    column('PeriodStart', 'seconds'),
    column('PeriodEnd', 'seconds'),
    column('TimeZone', 'lowCardinality'),
    column('IssuedAt', 'seconds'),
    // Charges, corrections, commitments and credits; before taxes.
    money('Subtotal'),
    money('Tax'),
    money('Total'),
    column('Lines', 'uint32'),
    // What a reader should know of the numbers, in words.
    { name: 'Notes', kind: 'string', list: true },
    // SHA-256 over all lines.
    column('Digest', 'string'),
  ],
  table: table('invoices', 'InvoiceId', ['Tenant', 'Account', 'Period', 'Currency'], 'PeriodStart'),
} as const satisfies StreamDeclaration

/** Lines of closed bills. The amounts of Usage lines sum exactly to entries of the ledger. */
export const invoiceLines = {
  name: 'invoice_lines',
  key: 'none',
  columns: [
    ...OF_BILL,
    column('Line', 'uint32'),
    // The period that the line is about: an earlier one in corrections.
    column('ServicePeriod', 'lowCardinality'),
    column('ServiceStart', 'seconds'),
    column('ServiceEnd', 'seconds'),
    // FOCUS: Usage | Tax | Credit | Adjustment
    column('Category', 'lowCardinality'),
    // FOCUS: Correction, or ''
    column('Class', 'lowCardinality'),
    // energy-active, energy-idle, vcpu-hours, ...; credit:NAME, tax:NAME, commitment:NAME
    column('Sku', 'lowCardinality'),
    column('Zone', 'lowCardinality'),
    // active | idle | unattributed | skew, of entries
    column('Share', 'lowCardinality'),
    // As the entries name it
    column('TariffVersion', 'lowCardinality'),
    column('Description', 'string'),
    // Exact decimals as text; '' where there is none
    column('Quantity', 'string'),
    column('Unit', 'lowCardinality'),
    column('ListUnitPrice', 'string'),
    column('ContractedUnitPrice', 'string'),
    money('ListCost'),
    money('ContractedCost'),
    money('EffectiveCost'),
    // In minor units of the currency
    money('BilledCost'),
    wide('EnergyUj'),
    wide('CpuUs'),
    wide('MemoryByteSeconds'),
    wide('GpuUs'),
    wide('CarbonOperationalUg'),
    wide('CarbonEmbodiedUg'),
    wide('UnpricedCarbonUj'),
    wide('UnpricedCostUj'),
    wide('MeasuredUj'),
    wide('InterpolatedUj'),
    wide('EstimatedUj'),
    wide('SimulatedUj'),
    column('Coverage', 'float64'),
    column('Entries', 'int64'),
  ],
  table: table(
    'invoice_lines',
    'InvoiceId',
    ['Tenant', 'Account', 'ServicePeriod', 'InvoiceId', 'Line'],
    'ServiceStart',
  ),
} as const satisfies StreamDeclaration

/** What became of each request to close a period. */
export const invoiceClosings = {
  name: 'invoice_closings',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Period', 'lowCardinality'),
    column('RequestId', 'string'),
    column('Time', 'seconds'),
    // api | auto
    column('Origin', 'lowCardinality'),
    // closed | refused
    column('State', 'lowCardinality'),
    // Why it was refused.
    column('Reason', 'string'),
    column('Invoices', 'uint32'),
  ],
  table: table('invoice_closings', 'RequestId', ['Tenant', 'Period', 'RequestId'], 'Time'),
} as const satisfies StreamDeclaration

/**
 * Requests to close a period, and what comes of them. A record is rows of one of its tables, or a request (`RECORD_KIND`). The
 * log keeps all of it: bills outlive the entries that they sum.
 */
export const billing = {
  name: 'billing',
  key: 'none',
  columns: [],
  compacted: true,
  holds: [invoices, invoiceLines, invoiceClosings],
} as const satisfies StreamDeclaration

/** `RECORD_KIND` of a request to close a period (value: JSON). */
export const CLOSE_REQUEST = 'close'
/** `RECORD_KIND` of a record that takes the place of one of an erased tenant. */
export const ERASED_RECORD = 'erased'

/** Key of a record: its table, then what identifies its rows there. */
export const billingKey = (declaration: StreamDeclaration, id: string): string => `${declaration.name}/${id}`

/** The table that a record's rows are of; undefined for an unknown key. */
export const billingTable = (key: string | undefined): (typeof billing.holds)[number] | undefined =>
  billing.holds.find(({ name }) => key?.startsWith(`${name}/`))

/** One closed bill. */
export type InvoiceRow = RowOf<typeof invoices>
/** One line of a closed bill. */
export type InvoiceLineRow = RowOf<typeof invoiceLines>

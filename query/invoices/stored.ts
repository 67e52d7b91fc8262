/** Reads closed bills. */
import {
  type InvoiceLineRow,
  type InvoiceRow,
  invoiceLines,
  invoices,
} from '../../core/model/streams/invoices.ts'
import type { Column, StreamDeclaration } from '../../core/model/streams/stream.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'

/** Which bills; what is absent does not matter. */
export interface InvoiceFilter {
  readonly tenant: string
  readonly id?: string | undefined
  readonly period?: string | undefined
  readonly account?: string | undefined
  readonly currency?: string | undefined
}

/** Closed bills, the newest period first. */
export async function readInvoices(
  reader: FencedReader,
  filter: InvoiceFilter,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly InvoiceRow[]> {
  const rows = await reader.query<Readonly<Record<string, unknown>>>(
    `SELECT ${invoices.columns.map(readable).join(', ')} FROM ${tableName('invoices')} FINAL ` +
      `WHERE ${conditions(filter)} ORDER BY Period DESC, Account, Currency LIMIT ${limit} OFFSET ${offset}`,
    paramsOf(filter),
  )
  return rows.map(row => rowOf<InvoiceRow>(invoices, row))
}

/** Lines of bills, in order, by the id of their bill. */
export async function readLines(
  reader: FencedReader,
  tenant: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly InvoiceLineRow[]>> {
  if (ids.length === 0) return new Map()
  const rows = await reader.query<Readonly<Record<string, unknown>>>(
    `SELECT ${invoiceLines.columns.map(readable).join(', ')} FROM ${tableName('invoice_lines')} FINAL ` +
      'WHERE Tenant = {tenant:String} AND InvoiceId IN {ids:Array(String)} ORDER BY InvoiceId, Line',
    { tenant, ids },
  )
  return Map.groupBy(
    rows.map(row => rowOf<InvoiceLineRow>(invoiceLines, row)),
    ({ InvoiceId }) => InvoiceId,
  )
}

const NAMES = { id: 'InvoiceId', period: 'Period', account: 'Account', currency: 'Currency' } as const

const given = (filter: InvoiceFilter): readonly (keyof typeof NAMES)[] =>
  (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter(name => filter[name] !== undefined)

const conditions = (filter: InvoiceFilter): string =>
  ['Tenant = {tenant:String}', ...given(filter).map(name => `${NAMES[name]} = {${name}:String}`)].join(
    ' AND ',
  )

const paramsOf = (filter: InvoiceFilter): Readonly<Record<string, string>> => ({
  tenant: filter.tenant,
  ...Object.fromEntries(given(filter).map(name => [name, filter[name]!])),
})

/** Numbers of more than 53 bits, and exact decimals, as text. */
function readable(column: Column): string {
  const { name, kind, stored } = column
  if (kind === 'seconds') return `toUnixTimestamp(${name}) AS ${name}_`
  return stored !== undefined && column.list !== true
    ? `toString(${name}) AS ${name}_`
    : `${name} AS ${name}_`
}

function rowOf<Row>(stream: StreamDeclaration, row: Readonly<Record<string, unknown>>): Row {
  const values = stream.columns.map(({ name, kind }) => {
    const value = row[`${name}_`]
    return [name, kind === 'int64' ? BigInt(String(value)) : value] as const
  })
  return Object.fromEntries(values) as Row
}

/** Bills as rows of their tables. The same bill gives the same rows, whoever makes it. */
import { digest } from '../model/digest.ts'
import type { InvoiceLineRow, InvoiceRow } from '../model/streams/invoices.ts'
import type { BillLine } from './bill.ts'
import { femtoText } from './money.ts'
import type { BillDraft } from './reading.ts'
import { accountName } from './rules.ts'
import { CARRIED } from './usage.ts'

/** Identity of the bill of an account, currency and period: there is never a second one. */
export const invoiceId = (tenant: string, account: string, currency: string, period: string): string =>
  digest(JSON.stringify([tenant, account, currency, period]), 24)

/** A bill's row and those of its lines. */
export interface InvoiceRows {
  readonly invoice: InvoiceRow
  readonly lines: readonly InvoiceLineRow[]
}

/** @param number '' for a draft */
export function invoiceRows(draft: BillDraft, number: string, issuedAt: number): InvoiceRows {
  const { account, currency, input, bill, notes } = draft
  const { tenant, config, period } = input
  const ofBill = {
    Tenant: tenant,
    Account: account,
    Currency: currency,
    Period: period.name,
    InvoiceId: invoiceId(tenant, account, currency, period.name),
    Number: number,
  }
  const lines = bill.lines.map((line, at) => ({ ...ofBill, Line: at + 1, ...lineRow(line) }))
  const invoice = {
    ...ofBill,
    AccountName: accountName(config, tenant, account),
    Issuer: config.issuer,
    PeriodStart: period.from,
    PeriodEnd: period.to,
    TimeZone: config.time_zone,
    IssuedAt: issuedAt,
    Subtotal: femtoText(bill.subtotal),
    Tax: femtoText(bill.tax),
    Total: femtoText(bill.total),
    Lines: lines.length,
    Notes: notes,
    Digest: digest(
      JSON.stringify(lines, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      64,
    ),
  }
  return { invoice, lines }
}

type LineRow = Omit<
  InvoiceLineRow,
  'Tenant' | 'Account' | 'Currency' | 'Period' | 'InvoiceId' | 'Number' | 'Line'
>

function lineRow(line: BillLine): LineRow {
  const carried = Object.fromEntries(CARRIED.map(name => [name, `${line.carried[name]}`])) as Record<
    (typeof CARRIED)[number],
    string
  >
  return {
    ServicePeriod: line.service.name,
    ServiceStart: line.service.from,
    ServiceEnd: line.service.to,
    Category: line.category,
    Class: line.isCorrection ? 'Correction' : '',
    Sku: line.sku,
    Zone: line.zone,
    Share: line.share,
    TariffVersion: line.tariffVersion,
    Description: line.description,
    Quantity: line.quantity,
    Unit: line.unit,
    ListUnitPrice: line.listUnitPrice,
    ContractedUnitPrice: line.contractedUnitPrice,
    ListCost: femtoText(line.listCost),
    ContractedCost: femtoText(line.contractedCost),
    EffectiveCost: femtoText(line.effectiveCost),
    BilledCost: femtoText(line.billedCost),
    ...carried,
    Coverage: line.coverage,
    Entries: line.carried.Entries,
  }
}

/** The closing of a period of a tenant: why it cannot be closed, and the records that its bills are. */

import { billingPeriod, followingPeriod, precedingPeriod } from '../../core/billing/periods.ts'
import {
  type BillDraft,
  correctable,
  draftBills,
  type Payer,
  type PeriodOfTenant,
  payersOf,
  type RunStatement,
  readResourcePrices,
} from '../../core/billing/reading.ts'
import type { CloseRequest } from '../../core/billing/request.ts'
import { invoiceId, invoiceRows } from '../../core/billing/rows.ts'
import type { BillingConfig } from '../../core/billing/rules.ts'
import { closedPeriods } from '../../core/billing/statements.ts'
import type { NewRecord } from '../../core/broker/broker.ts'
import { encodeRows } from '../../core/columns/rows.ts'
import { isoSecond } from '../../core/model/iso-time.ts'
import { billingKey, invoiceClosings, invoiceLines, invoices } from '../../core/model/streams/invoices.ts'
import { DATABASE } from '../../core/warehouse/tables/ddl.ts'

/** What closing works with. */
export interface ClosingOptions {
  readonly config: BillingConfig
  readonly ask: RunStatement
  /** Days that the ledger keeps entries. */
  readonly ledgerDays: number
  /** Seconds after its end for which a window may be open, at most, as long as its host is not behind a forwarding node. */
  readonly openSeconds: number
  /** Accounts whose bills are made, and become visible, together. */
  readonly together?: number
}

/** Periods that are closed, in order. */
export async function readClosed(ask: RunStatement, tenant: string): Promise<readonly string[]> {
  return (await ask<{ Period: string }>(closedPeriods(tenant))).map(({ Period }) => Period)
}

/** Null: it may be closed. Otherwise what is missing, and what to do. */
export function closeRefusal(
  { config, openSeconds }: Pick<ClosingOptions, 'config' | 'openSeconds'>,
  closed: readonly string[],
  period: string,
  nowSeconds: number,
): string | null {
  const { to } = billingPeriod(period, config.time_zone)
  const last = closed.at(-1)
  const first = config.first_period ?? closed[0] ?? period
  if (period < first) return `${period} is before ${first}, the first period that is billed.`
  if (nowSeconds < to) return `${period} ends at ${isoSecond(to)}: close it after that.`
  if (nowSeconds < to + openSeconds) {
    return `Windows of ${period} may be open until ${isoSecond(to + openSeconds)}: close it after that.`
  }
  const next = last === undefined ? first : followingPeriod(last)
  return period > next ? `${next} is not closed: close it first, up to ${precedingPeriod(period)}.` : null
}

/** A closing that has begun. */
export interface Closing {
  readonly of: PeriodOfTenant
  readonly payers: Payer[]
  readonly pricesOf: Awaited<ReturnType<typeof readResourcePrices>>
  /** Accounts whose bills are made together: fewer once these have been too many lines for a record. */
  together: number
  /** Bills that the tenant has, of all periods. */
  issued: number
  /** Bills of this period. */
  ofPeriod: number
}

/** Finds out who gets a bill, and who has one already because a closing before this one was interrupted. */
export async function beginClosing(
  { config, ask, ledgerDays, together = TOGETHER }: ClosingOptions,
  closed: readonly string[],
  { tenant, period }: CloseRequest,
  nowSeconds: number,
): Promise<Closing> {
  const keptFrom = nowSeconds - (ledgerDays - KEPT_MARGIN_DAYS) * DAY
  const of: PeriodOfTenant = {
    config,
    tenant,
    period: billingPeriod(period, config.time_zone),
    closed: correctable(config, closed, { before: period, keptFrom }),
  }
  const ofTenant = `FROM ${DATABASE}.invoices FINAL WHERE Tenant = {tenant:String}`
  const [all] = await ask<{ n: number }>({
    text: `SELECT toUInt32(count()) AS n ${ofTenant}`,
    params: { tenant },
  })
  const issued = await ask<{ InvoiceId: string }>({
    text: `SELECT InvoiceId ${ofTenant} AND Period = {period:String}`,
    params: { tenant, period },
  })
  const has = new Set(issued.map(({ InvoiceId }) => InvoiceId))
  const payers = await payersOf(ask, of, null)
  return {
    of,
    together,
    payers: payers.filter(({ account, currency }) => !has.has(invoiceId(tenant, account, currency, period))),
    pricesOf: await readResourcePrices(ask, tenant),
    issued: all?.n ?? 0,
    ofPeriod: issued.length,
  }
}

const DAY = 86_400
/** Entries go when they are too old, a part at a time: so long before that nothing is corrected any more. */
const KEPT_MARGIN_DAYS = 2
const TOGETHER = 200

/** The bills of the next accounts, as a record for each table; none where these accounts owe and used nothing. */
export async function nextBills(
  { ask, config }: ClosingOptions,
  closing: Closing,
  nowMs: number,
): Promise<readonly NewRecord[]> {
  const some = closing.payers.slice(0, closing.together)
  const made = await draftBills(ask, closing.of, some, closing.pricesOf)
  const drafts = made.slice(0, fitting(made))
  const next = made[drafts.length]
  const done = next === undefined ? some.length : some.findIndex(payer => isOf(payer, next))
  const bills = drafts.map((draft, at) => {
    const number = `${config.number_prefix}${String(closing.issued + at + 1).padStart(NUMBER_DIGITS, '0')}`
    return invoiceRows(draft, number, Math.floor(nowMs / 1000))
  })
  closing.payers.splice(0, done)
  if (next !== undefined) closing.together = Math.max(1, done)
  closing.issued += drafts.length
  closing.ofPeriod += drafts.length
  const [first] = bills
  if (first === undefined) return []
  const { InvoiceId: id } = first.invoice
  const lines = encodeRows(
    invoiceLines,
    bills.flatMap(bill => bill.lines),
  )
  const heads = encodeRows(
    invoices,
    bills.map(bill => bill.invoice),
  )
  // Lines first: whoever finds a bill finds its lines.
  return [
    { key: billingKey(invoiceLines, id), value: lines, timestampMs: nowMs },
    { key: billingKey(invoices, id), value: heads, timestampMs: nowMs },
  ]
}

const NUMBER_DIGITS = 6
/** Lines of one record, unless a single bill has more: with prices by the hour a bill has hundreds. */
const MOST_LINES = 5_000

const isOf = (payer: Payer, { account, currency }: BillDraft): boolean =>
  payer.account === account && payer.currency === currency

/** How many of the bills make a record of a good size; at least one. */
function fitting(drafts: readonly BillDraft[]): number {
  let lines = 0
  const tooMany = drafts.findIndex(({ bill }) => {
    lines += bill.lines.length
    return lines > MOST_LINES
  })
  return tooMany === -1 ? drafts.length : Math.max(1, tooMany)
}

/** What became of a request. */
export function closingRecord(
  request: CloseRequest,
  outcome: { readonly state: 'closed' | 'refused'; readonly reason: string; readonly invoices: number },
  nowMs: number,
): NewRecord {
  const row = {
    Tenant: request.tenant,
    Period: request.period,
    RequestId: request.id,
    Time: Math.floor(nowMs / 1000),
    Origin: request.origin,
    State: outcome.state,
    Reason: outcome.reason,
    Invoices: outcome.invoices,
  }
  const key = billingKey(invoiceClosings, request.id)
  return { key, value: encodeRows(invoiceClosings, [row]), timestampMs: nowMs }
}

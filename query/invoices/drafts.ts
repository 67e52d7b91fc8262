/** Bills of an open period as they would be now. */
import { billingPeriod } from '../../core/billing/periods.ts'
import {
  correctable,
  draftBills,
  payersOf,
  type RunStatement,
  readResourcePrices,
} from '../../core/billing/reading.ts'
import { type InvoiceRows, invoiceRows } from '../../core/billing/rows.ts'
import { closedPeriods } from '../../core/billing/statements.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { Identity } from '../../core/model/identity.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'

/** Who asks for which period. */
export interface DraftRequest {
  readonly config: Pick<Config, 'billing' | 'retention'>
  readonly sees: Pick<Identity, 'tenant' | 'accounts'>
  readonly period: string
  /** Absent: all that the asker sees. */
  readonly account?: string | undefined
  readonly currency?: string | undefined
  readonly nowSeconds: number
  /** The most bills that are made. */
  readonly limit: number
}

/** Readers of the asker's rows, and of what is the same for all accounts of the tenant. */
export interface DraftReaders {
  readonly own: FencedReader
  readonly tenant: FencedReader
}

const asking =
  (reader: FencedReader): RunStatement =>
  ({ text, params }) =>
    reader.query(text, params)

/** Periods of a tenant that are closed, in order. */
export async function readClosedPeriods({ tenant }: DraftReaders, name: string): Promise<readonly string[]> {
  const rows = await asking(tenant)<{ Period: string }>(closedPeriods(name))
  return rows.map(({ Period }) => Period)
}

const DAY = 86_400

/** @returns one bill more than `limit` where there are more */
export async function makeDrafts(
  readers: DraftReaders,
  closed: readonly string[],
  request: DraftRequest,
): Promise<readonly InvoiceRows[]> {
  const { config, sees, nowSeconds } = request
  const keptFrom = nowSeconds - (config.retention.ledger_days - 2) * DAY
  const of = {
    config: config.billing,
    tenant: sees.tenant,
    period: billingPeriod(request.period, config.billing.time_zone),
    closed: correctable(config.billing, closed, { before: request.period, keptFrom }),
  }
  const ask = asking(readers.own)
  const { account } = request
  const isHidden = account !== undefined && sees.accounts !== null && !sees.accounts.includes(account)
  if (isHidden) return []
  const accounts = account === undefined ? sees.accounts : [account]
  const payers = await payersOf(ask, of, accounts)
  const wanted = payers.filter(
    ({ currency }) => request.currency === undefined || currency === request.currency,
  )
  const pricesOf = await readResourcePrices(asking(readers.tenant), sees.tenant)
  const drafts = await draftBills(ask, of, wanted.slice(0, request.limit + 1), pricesOf)
  return drafts.map(draft => invoiceRows(draft, '', Math.floor(nowSeconds)))
}

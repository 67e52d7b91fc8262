/** Paths and texts of the screen of bills. Money comes as decimal text, and stays that: nothing is computed with it. */
import type { InvoiceAnswer, InvoiceLineAnswer } from '../../../core/api/answers.ts'
import { currencySymbol } from './money.ts'

/** Bills of closed periods, and budgets with the name of the current period. */
export const CLOSED_PATH = 'api/v1/invoices?limit=500'
export const BUDGETS_PATH = 'api/v1/budgets'
/** What bills of an open period would be now. */
export const draftsPath = (period: string): string => `api/v1/invoices?${new URLSearchParams({ period })}`

/** Which bill is shown. Drafts have no number of their own: they are made anew at each look. */
export type BillPlace = Pick<InvoiceAnswer, 'id' | 'state' | 'account' | 'period' | 'currency'>

/** The bill with its lines, as JSON or as a page for printing. */
export function billPath(
  { id, state, account, period, currency }: BillPlace,
  format: 'json' | 'html',
): string {
  const of = state === 'closed' ? {} : { period, account, currency }
  const query = new URLSearchParams({ ...of, format })
  return `api/v1/invoices/${state === 'closed' ? encodeURIComponent(id) : 'draft'}?${query}`
}

/** Bills of a closed period and account as FOCUS. */
export const focusPath = ({ period, account }: BillPlace, format: 'csv' | 'parquet'): string =>
  `api/v1/focus?${new URLSearchParams({ period, account, format })}`

/** A page of the entries behind a line. */
export const entriesPath = (id: string, line: number, offset: number): string =>
  `api/v1/invoices/${encodeURIComponent(id)}/lines/${line}/entries?${new URLSearchParams({ limit: '50', offset: `${offset}` })}`

/** `November 2026` */
export function periodText(period: string): string {
  const at = new Date(`${period}-01T00:00:00Z`)
  if (Number.isNaN(at.getTime())) return period
  return at.toLocaleDateString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' })
}

/** Decimal text with the symbol of its currency, thousands grouped: `−€1,234.50`. */
export function currencyText(amount: string, currency: string): string {
  return groupedDecimal(amount, currencySymbol(currency))
}

/** A unit price, at most six decimals: the rest is cut. */
export const shortUnitPrice = (amount: string, currency: string): string =>
  groupedDecimal(shortened(amount), currencySymbol(currency))

/** Decimal text, thousands grouped, at most six decimals: the rest is cut. */
export const shortText = (amount: string): string => groupedDecimal(shortened(amount))

const shortened = (amount: string): string => trimmedText(amount.replace(/(\.\d{6})\d+$/, '$1'))

function groupedDecimal(amount: string, symbol = ''): string {
  const [whole = '', fraction] = amount.replace(/^-/, '').split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  const digits = fraction === undefined ? grouped : `${grouped}.${fraction}`
  return `${amount.startsWith('-') ? '−' : ''}${symbol}${digits}`
}

/** Decimal text without zeros at its end. */
export const trimmedText = (amount: string): string =>
  amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount

/** Lines that belong together: those of the period, then corrections by the period that they correct, then what follows from both. */
export interface LineGroup {
  readonly title: string
  readonly lines: readonly InvoiceLineAnswer[]
}

/** Lines in groups, in the order of the bill within each. */
export function lineGroups({ period, lines = [] }: InvoiceAnswer): readonly LineGroup[] {
  const usage = lines.filter(line => line.category === 'Usage' && line.class === null)
  const other = lines.filter(line => line.category !== 'Usage' && line.class === null)
  const corrections = Map.groupBy(
    lines.filter(line => line.class !== null),
    line => line.service_period,
  )
  return [
    { title: `Usage in ${periodText(period)}`, lines: usage },
    ...[...corrections]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([of, some]) => ({ title: `Corrections of ${periodText(of)}`, lines: some })),
    { title: 'Commitments, credits and taxes', lines: other },
  ].filter(group => group.lines.length > 0)
}

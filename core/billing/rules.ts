/** Which rules of the configuration hold for an account and a period. */
import type { Config } from '../catalogue/config/schema.ts'
import { wildcard } from '../model/wildcard.ts'

/** The configuration of bills. */
export type BillingConfig = Config['billing']

/** Whose bill, and of which period. */
export interface Billed {
  readonly tenant: string
  readonly account: string
  readonly period: string
}

interface Concerned {
  readonly tenant: string
  readonly accounts: readonly string[]
  readonly from?: string | undefined
  readonly until?: string | undefined
}

/** Those that hold, in the order of the configuration. */
export const rulesFor = <Rule extends Concerned>(rules: readonly Rule[], billed: Billed): readonly Rule[] =>
  rules.filter(
    ({ tenant, accounts, from, until }) =>
      wildcard(tenant)(billed.tenant) &&
      accounts.some(pattern => wildcard(pattern)(billed.account)) &&
      (from === undefined || from <= billed.period) &&
      (until === undefined || billed.period <= until),
  )

/** Part of the list price that is not charged, in percent: of the first discount that matches. */
export function discountPercent(config: BillingConfig, billed: Billed, sku: string): string {
  const rule = rulesFor(config.discounts, billed).find(({ skus }) =>
    skus.some(pattern => wildcard(pattern)(sku)),
  )
  return rule?.percent ?? '0'
}

/** What an account is called on its bills. */
export function accountName(config: BillingConfig, tenant: string, account: string): string {
  const named = config.accounts.find(one => one.account === account && wildcard(one.tenant)(tenant))
  return named?.name ?? account
}

/** Accounts that are charged although they may have used nothing: those that a commitment names without a wildcard. */
export const committedAccounts = (
  config: BillingConfig,
  tenant: string,
  period: string,
): readonly { readonly account: string; readonly currency: string }[] =>
  config.commitments.flatMap(rule =>
    rule.accounts
      .filter(account => !account.includes('*') && rulesFor([rule], { tenant, account, period }).length > 0)
      .map(account => ({ account, currency: rule.currency })),
  )

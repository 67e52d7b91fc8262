/** Reads what bills of an open period are made of. The same for a draft that somebody asks for and for the closing of a period. */
import { type Bill, type BillInput, makeBill } from './bill.ts'
import type { AccountUsage } from './budgets.ts'
import { chargeDifferences, chargesOf, type ResourcePricesOf, resourceTariff } from './charges.ts'
import { type Femto, femtoOf } from './money.ts'
import { billNotes, goneNote } from './notes.ts'
import { type BillingPeriod, billingPeriod } from './periods.ts'
import { type BillingConfig, committedAccounts } from './rules.ts'
import {
  type AccountScope,
  accountsWithEntries,
  type BoundSql,
  billedCharges,
  creditsConsumed,
  resourcePrices,
  usageSums,
} from './statements.ts'
import { CARRIED, type Carried, type Charge, type UsageSum } from './usage.ts'

/** Runs statements of ours. */
export type RunStatement = <Row>(sql: BoundSql) => Promise<readonly Row[]>

/** An account's bill of a period, before it has a number. */
export interface BillDraft {
  readonly account: string
  readonly currency: string
  readonly input: BillInput
  readonly bill: Bill
  readonly notes: readonly string[]
}

/** A period of a tenant, and those before it that are closed and whose entries the ledger still has: bills correct these. */
export interface PeriodOfTenant {
  readonly config: BillingConfig
  readonly tenant: string
  readonly period: BillingPeriod
  readonly closed: readonly BillingPeriod[]
}

/** An account and a currency: they have a bill of their own. */
export interface Payer {
  readonly account: string
  readonly currency: string
}

/** Closed periods that may be corrected: the ledger keeps their entries for a few days more at least. */
export function correctable(
  config: BillingConfig,
  closed: readonly string[],
  { before, keptFrom }: { readonly before: string; readonly keptFrom: number },
): readonly BillingPeriod[] {
  return closed
    .filter(name => name < before)
    .map(name => billingPeriod(name, config.time_zone))
    .filter(({ from }) => from >= keptFrom)
}

/** Whoever may have a bill, in order: has entries in the period or in one that may be corrected, or a commitment. */
export async function payersOf(
  ask: RunStatement,
  { config, tenant, period, closed }: PeriodOfTenant,
  accounts: readonly string[] | null,
): Promise<readonly Payer[]> {
  const range = { from: Math.min(period.from, ...closed.map(({ from }) => from)), to: period.to }
  const found = await ask<{ Account: string; Currency: string }>(
    accountsWithEntries({ tenant, accounts }, range),
  )
  const committed = committedAccounts(config, tenant, period.name).filter(
    ({ account }) => accounts === null || accounts.includes(account),
  )
  const payers = new Map<string, Payer>()
  for (const { Account: account, Currency: currency } of found) {
    payers.set(JSON.stringify([account, currency]), { account, currency })
  }
  for (const payer of committed) payers.set(JSON.stringify([payer.account, payer.currency]), payer)
  return [...payers].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, payer]) => payer)
}

/** Bills of some payers. Those who owe nothing and used nothing have none. */
export async function draftBills(
  ask: RunStatement,
  of: PeriodOfTenant,
  payers: readonly Payer[],
  pricesOf: ResourcePricesOf,
): Promise<readonly BillDraft[]> {
  const { config, tenant, period, closed } = of
  const scope = { tenant, accounts: [...new Set(payers.map(({ account }) => account))] }
  const current = await chargesByPayer(ask, scope, period, pricesOf)
  const corrections = await correctionsByPayer(ask, scope, closed, pricesOf)
  const credits = await creditsByPayer(ask, scope, period.name)
  return payers.flatMap(payer => {
    const key = payerKey(payer)
    const corrected = corrections.get(key) ?? { periods: [], notes: [] }
    const input: BillInput = {
      config,
      tenant,
      ...payer,
      period,
      charges: current.get(key)?.charges ?? [],
      corrections: corrected.periods,
      creditsUsed: credits.get(key) ?? new Map(),
    }
    const bill = makeBill(input)
    if (bill.lines.length === 0) return []
    return [{ ...payer, input, bill, notes: [...billNotes(bill.lines), ...corrected.notes] }]
  })
}

const payerKey = ({ account, currency }: Payer): string => JSON.stringify([account, currency])

interface Charged {
  readonly charges: readonly Charge[]
  readonly entries: bigint
}

/** What accounts have used in a period so far, by currency. */
export async function readAccountUsage(
  ask: RunStatement,
  scope: AccountScope,
  period: BillingPeriod,
): Promise<readonly AccountUsage[]> {
  const rows = await ask<Readonly<Record<string, string>>>(usageSums(scope, period))
  const byPayer = Map.groupBy(rows, ({ Account, Currency }) =>
    payerKey({ account: Account!, currency: Currency! }),
  )
  return [...byPayer.values()].map(of => ({
    account: of[0]!['Account']!,
    currency: of[0]!['Currency']!,
    sums: of.map(sumOf),
  }))
}

async function chargesByPayer(
  ask: RunStatement,
  scope: AccountScope,
  period: BillingPeriod,
  pricesOf: ResourcePricesOf,
): Promise<ReadonlyMap<string, Charged>> {
  const used = await readAccountUsage(ask, scope, period)
  return new Map(
    used.map(({ account, currency, sums }) => {
      const entries = sums.reduce((total, { carried }) => total + carried.Entries, 0n)
      return [payerKey({ account, currency }), { charges: chargesOf(sums, pricesOf), entries }] as const
    }),
  )
}

const sumOf = (row: Readonly<Record<string, string>>): UsageSum => ({
  zone: row['Zone']!,
  share: row['Share']!,
  tariffVersion: row['TariffVersion']!,
  costEnergyNano: BigInt(row['CostEnergyNano']!),
  costResourceNano: BigInt(row['CostResourceNano']!),
  coverage: Number(row['CoverageSum']),
  carried: carriedOf(row, ''),
})

const carriedOf = (row: Readonly<Record<string, string>>, suffix: string): Carried =>
  Object.fromEntries(CARRIED.map(name => [name, BigInt(row[`${name}${suffix}`]!)])) as Carried

interface Corrected {
  readonly periods: { readonly period: BillingPeriod; readonly charges: readonly Charge[] }[]
  readonly notes: string[]
}

/** What closed periods come to now, less all that was billed of them. */
async function correctionsByPayer(
  ask: RunStatement,
  scope: AccountScope,
  closed: readonly BillingPeriod[],
  pricesOf: ResourcePricesOf,
): Promise<ReadonlyMap<string, Corrected>> {
  const corrected = new Map<string, Corrected>()
  if (closed.length === 0) return corrected
  const billed = await billedByPayer(ask, scope, closed)
  for (const period of closed) {
    const now = await chargesByPayer(ask, scope, period, pricesOf)
    const before = billed.get(period.name) ?? new Map<string, Charged>()
    for (const key of new Set([...now.keys(), ...before.keys()])) {
      const [is, was] = [now.get(key) ?? NONE, before.get(key) ?? NONE]
      const known = corrected.get(key) ?? { periods: [], notes: [] }
      corrected.set(key, known)
      // The ledger is append-only: with fewer entries than were billed, some have been erased or lost.
      if (is.entries < was.entries) {
        known.notes.push(goneNote(period.name, was.entries - is.entries))
        continue
      }
      const charges = chargeDifferences(is.charges, was.charges)
      if (charges.length > 0) known.periods.push({ period, charges })
    }
  }
  return corrected
}

const NONE: Charged = { charges: [], entries: 0n }

async function billedByPayer(
  ask: RunStatement,
  scope: AccountScope,
  closed: readonly BillingPeriod[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, Charged>>> {
  const names = closed.map(({ name }) => name)
  const rows = await ask<Readonly<Record<string, string>>>(billedCharges(scope, names))
  const byPeriod = Map.groupBy(rows, row => row['ServicePeriod']!)
  return new Map(
    [...byPeriod].map(([name, of]) => {
      const byPayer = Map.groupBy(of, row =>
        payerKey({ account: row['Account']!, currency: row['Currency']! }),
      )
      return [name, new Map([...byPayer].map(([key, lines]) => [key, billedOf(lines)] as const))] as const
    }),
  )
}

function billedOf(lines: readonly Readonly<Record<string, string>>[]): Charged {
  const charges = lines.map(row => ({
    sku: row['Sku']!,
    zone: row['Zone']!,
    share: row['Share']!,
    tariffVersion: row['TariffVersion']!,
    listCost: femtoOf(row['ListCost_']!),
    coverage: Number(row['Coverage_']),
    carried: carriedOf(row, '_'),
  }))
  return { charges, entries: charges.reduce((total, { carried }) => total + carried.Entries, 0n) }
}

async function creditsByPayer(
  ask: RunStatement,
  scope: AccountScope,
  period: string,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Femto>>> {
  const rows = await ask<{ Account: string; Currency: string; Name: string; Used: string }>(
    creditsConsumed(scope, period),
  )
  const byPayer = Map.groupBy(rows, row => payerKey({ account: row.Account, currency: row.Currency }))
  return new Map(
    [...byPayer].map(
      ([key, of]) => [key, new Map(of.map(({ Name, Used }) => [Name, femtoOf(Used)]))] as const,
    ),
  )
}

const KINDS = { vcpu_hour: 'vcpuHour', gib_hour: 'gibHour', gpu_hour: 'gpuHour' } as const

/** Prices of resources by tariff; none for a tariff whose rules give several. */
export async function readResourcePrices(ask: RunStatement, tenant: string): Promise<ResourcePricesOf> {
  const rows = await ask<{ Kind: string; Value: string; Version: string }>(resourcePrices(tenant))
  const byTariff = Map.groupBy(rows, ({ Version }) => resourceTariff(Version))
  return tariff => {
    const found = byTariff.get(tariff) ?? []
    const kinds = new Set(found.map(({ Kind }) => Kind))
    if (found.length === 0 || kinds.size < found.length || kinds.has('host_hour')) return undefined
    return Object.fromEntries(
      found.map(({ Kind, Value }) => [KINDS[Kind as keyof typeof KINDS], Value] as const),
    )
  }
}

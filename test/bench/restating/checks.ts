/** What restating must have done to a ledger and its bills, by arithmetic in SQL: empty lists are right. */
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { PUE, ZONE } from './month.ts'

type Tables = Pick<Warehouse, 'query'>

/** Integers of SQL that a value in force for an hour is: here by the hour of the day, in thousandths of g/kWh. */
export const revisedThousandths = (hour: number): number => 250_000 + 7_001 * (hour % 24)
const REVISED_SQL = 'toInt128(250000 + 7001 * toHour(WindowStart))'

/** Half to even, 1 kWh being 3.6e12 µJ; like `rate`. */
const rightSql = (): string => {
  const pueHundredths = Number(PUE) * 100
  const numerator = `(toInt128(EnergyUj) * ${pueHundredths} * ${REVISED_SQL})`
  const denominator = '360000000000'
  const [quotient, rest] = [`intDiv(${numerator}, ${denominator})`, `(${numerator} % ${denominator})`]
  return `${quotient} + (${rest} * 2 > ${denominator} OR (${rest} * 2 = ${denominator} AND ${quotient} % 2 = 1))`
}

/** Sum of operational carbon, of the revised zone and of all others, in µg. */
export async function carbonSums(tables: Tables): Promise<{ revised: bigint; others: bigint }> {
  const [found] = await tables.query<{ revised: string; others: string }>(
    `SELECT toString(sumIf(toInt128(CarbonOperationalUg), Zone = '${ZONE}')) AS revised,
       toString(sumIf(toInt128(CarbonOperationalUg), Zone != '${ZONE}')) AS others FROM wattline.ledger`,
  )
  return { revised: BigInt(found?.revised ?? 0), others: BigInt(found?.others ?? 0) }
}

/** Accounts and hours whose sum is not what the revised values give, and the sum that these give in all. */
export async function carbonFindings(
  tables: Tables,
  end: number,
): Promise<{ readonly wrong: readonly string[]; readonly right: bigint }> {
  const perHour = `SELECT Account, toStartOfHour(WindowStart) AS Hour, sum(toInt128(CarbonOperationalUg)) AS Booked,
      sumIf(${rightSql()}, EntryKind = 'original') AS Right
    FROM wattline.ledger WHERE Zone = '${ZONE}' AND WindowStart < toDateTime(${end}, 'UTC') GROUP BY Account, Hour`
  const [found] = await tables.query<{ right: string; wrong: string[] }>(
    `SELECT toString(sum(Right)) AS right,
       groupArrayIf(20)(concat(Account, ' ', toString(Hour), ': ', toString(Booked), ' µg are booked, ', toString(Right), ' are right'), Booked != Right) AS wrong
     FROM (${perHour})`,
  )
  return { wrong: found?.wrong ?? [], right: BigInt(found?.right ?? 0) }
}

/** Corrections: how many, of which months, by which reasons, and whether they change anything but carbon. */
export async function correctionFacts(tables: Tables): Promise<Readonly<Record<string, unknown>>> {
  const [found] = await tables.query<Readonly<Record<string, unknown>>>(
    `SELECT toFloat64(count()) AS corrections, groupUniqArray(toYYYYMM(WindowStart)) AS months,
       groupUniqArray(CorrectionReason) AS reasons, toString(sum(toInt128(EnergyUj))) AS energy_uj,
       toString(sum(toInt128(ifNull(CostEnergyNano, 0)))) AS cost_nano, toFloat64(count() - uniqExact(EntryId)) AS repeated
     FROM wattline.ledger WHERE EntryKind = 'correction'`,
  )
  return found ?? {}
}

/** Digest of all bills of a month and their lines. */
export async function billsDigest(tables: Tables, month: string): Promise<string> {
  const digests = await Promise.all(
    ['invoices', 'invoice_lines'].map(async table => {
      const [found] = await tables.query<{ digest: string }>(
        `SELECT concat(toString(count()), '/', toString(sum(cityHash64(*)))) AS digest FROM wattline.${table} FINAL WHERE Period = '${month}'`,
      )
      return found?.digest ?? ''
    }),
  )
  return digests.join(' ')
}

/** What the bills of a month correct: by the period that they name. */
export const billedCorrections = (tables: Tables, month: string) =>
  tables.query<{ period: string; lines: number; ug: string; billed: string }>(
    `SELECT ServicePeriod AS period, toFloat64(count()) AS lines, toString(sum(CarbonOperationalUg)) AS ug,
       toString(sum(BilledCost)) AS billed
     FROM wattline.invoice_lines FINAL WHERE Period = '${month}' AND Class = 'Correction' GROUP BY period`,
  )

/** Reads from table `ledger` what is booked in the minutes of a machine: sums over all entries, corrections among them. */
import { sumOf } from '../../core/model/integers.ts'
import { ledger } from '../../core/model/streams/index.ts'
import { type EnergyRow, METERED } from '../../core/model/streams/ledger.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { type HostSpan, minute, ofMachine } from './span.ts'

/** Amounts that entries of one thing sum. */
export const SUMMED_AMOUNTS = METERED.flatMap(({ name, kind }) =>
  kind === 'int64' && name !== 'CapacityUs' && name !== 'GpuCapacityUs' ? [name as AmountName] : [],
)
/** Their names: whole numbers of the meter, but for the capacity, which is the host's. */
export type AmountName =
  | 'EnergyUj'
  | 'CpuUs'
  | 'MemoryByteSeconds'
  | 'GpuUs'
  | 'CpuRequestUs'
  | 'MemoryRequestByteSeconds'
  | 'GpuRequestUs'
  | 'IdleSharedUj'
  | 'IdleBeforeUj'
  | 'GpuReservedIdleUs'

/** What is booked for one thing in one minute under one account, as a row of the meter, and what `rate` added to it. */
export interface Booked {
  readonly row: EnergyRow
  readonly account: string
  readonly pue: string
  readonly currency: string
  readonly tariffVersion: string
  /** Money and embodied emissions; null: none are booked. */
  readonly money: Readonly<Record<MoneyName, bigint | null>>
  /** The largest of its entries. */
  readonly revision: number
}

/** What is taken back as it was booked. Operational carbon is not: corrections of it stand in another minute. */
export const MONEY = ['CarbonEmbodiedUg', 'CostEnergyNano', 'CostResourceNano'] as const
/** Their names. */
export type MoneyName = (typeof MONEY)[number]

/** Entries with these in common are summed. */
const KEYS = [
  'WindowStart',
  'Host',
  'WorkloadKind',
  'WorkloadId',
  'Component',
  'Share',
  'EnergyQuality',
  'Account',
  'Zone',
  'Pue',
  'Currency',
] as const
const NULLABLE = ['EnergyErrorUj', ...MONEY] as const
/** As the newest of them says. */
const DESCRIBED = [
  ...METERED.map(({ name }) => name).filter(
    name => ![...KEYS, ...SUMMED_AMOUNTS, ...NULLABLE, 'Tenant'].some(other => other === name),
  ),
  'TariffVersion',
] as const

type BookedQueryRow = Readonly<Record<string, string | number | boolean | null>> & { readonly Last: number }

/** @throws WattlineError as the engine says */
export async function readBooked({ query, dialect }: Statements, span: HostSpan): Promise<Booked[]> {
  const kinds = new Map<string, string>(METERED.map(({ name, kind }) => [name, kind]))
  const keys = KEYS.map(name => (name === 'WindowStart' ? 'toFloat64(toUnixTimestamp(WindowStart))' : name))
  const described = DESCRIBED.map(name => {
    const newest = `argMax(l.${name}, l.Revision)`
    if (name === 'Labels') return `toJSONString(${newest}) AS Any${name}`
    return `${kinds.get(name) === 'int64' ? `toString(${newest})` : newest} AS Any${name}`
  })
  const rows =
    await query<BookedQueryRow>(`SELECT ${KEYS.map((name, index) => `${keys[index]} AS Key${name}`).join(', ')},
  ${described.join(',\n  ')},
  ${SUMMED_AMOUNTS.map(name => `toString(sum(toInt128(l.${name}))) AS Sum${name}`).join(', ')},
  ${NULLABLE.map(name => `toString(sum(toInt128(l.${name}))) AS Sum${name}`).join(', ')}, max(l.Revision) AS Last
FROM ${qualified(dialect, ledger.name)} AS l
WHERE ${ofMachine(span)} AND WindowStart >= ${minute(span.from)} AND WindowStart < ${minute(span.to)}
GROUP BY ${KEYS.join(', ')}
ORDER BY ${KEYS.join(', ')}`)
  return rows.map(found => bookedOf(found, span.tenant))
}

function bookedOf(found: BookedQueryRow, tenant: string): Booked {
  const bigintOf = (value: unknown): bigint | null => (value === null ? null : BigInt(String(value)))
  const row: Record<string, unknown> = { Tenant: tenant }
  for (const name of KEYS) row[name] = found[`Key${name}`]
  for (const name of DESCRIBED) row[name] = found[`Any${name}`]
  for (const name of SUMMED_AMOUNTS) row[name] = bigintOf(found[`Sum${name}`])
  const { Account, Pue, Currency, TariffVersion, ...metered } = {
    ...row,
    Account: String(row['Account']),
    Pue: String(row['Pue']),
    Currency: String(row['Currency']),
    TariffVersion: String(row['TariffVersion']),
    CapacityUs: bigintOf(found['AnyCapacityUs']),
    GpuCapacityUs: bigintOf(found['AnyGpuCapacityUs']),
    EnergyErrorUj: bigintOf(found['SumEnergyErrorUj']),
    Labels: JSON.parse(String(found['AnyLabels'])) as Record<string, string>,
  }
  return {
    row: metered as unknown as EnergyRow,
    account: Account,
    pue: Pue,
    currency: Currency,
    tariffVersion: TariffVersion,
    money: Object.fromEntries(MONEY.map(name => [name, bigintOf(found[`Sum${name}`])])) as Booked['money'],
    revision: found.Last,
  }
}

/** The energy that is booked, a row for each thing: as if metered. */
export function together(booked: readonly Booked[]): EnergyRow[] {
  const things = Map.groupBy(booked, ({ row }) =>
    [
      row.WindowStart,
      row.Host,
      row.WorkloadKind,
      row.WorkloadId,
      row.Component,
      row.Share,
      row.EnergyQuality,
    ].join('\u0000'),
  )
  return [...things.values()].flatMap(some => {
    const [newest] = some.toSorted((a, b) => b.revision - a.revision)
    if (newest === undefined) return []
    const sums = Object.fromEntries(
      SUMMED_AMOUNTS.map(name => [name, sumOf(some.map(({ row }) => row[name]))]),
    )
    const row = { ...newest.row, ...sums } as EnergyRow
    return SUMMED_AMOUNTS.every(name => row[name] === 0n) && row.Share !== 'idle' ? [] : [row]
  })
}

/** The newest minute that holds entries of the machine, in seconds; null: none does. */
export async function lastBooked({ query, dialect }: Statements, span: HostSpan): Promise<number | null> {
  const [found] = await query<{ n: number; last: number }>(
    `SELECT toFloat64(count()) AS n, toFloat64(max(toUnixTimestamp(WindowStart))) AS last
FROM ${qualified(dialect, ledger.name)}
WHERE ${ofMachine(span)} AND EntryKind = ${quoteText('original')} AND WindowStart >= ${minute(span.from)}`,
  )
  return found === undefined || found.n === 0 ? null : found.last
}

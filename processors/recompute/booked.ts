/** Reads from table `ledger` what is booked in the minutes of a machine: sums over all entries, corrections among them. */
import { ledger } from '../../core/model/streams/index.ts'
import { type EnergyRow, METERED } from '../../core/model/streams/ledger.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { type HostSpan, minute, ofMachine } from './span.ts'

/** Amounts that entries of one thing sum. */
export const AMOUNTS = METERED.flatMap(({ name, kind }) =>
  kind === 'int64' && name !== 'CapacityUs' ? [name as AmountName] : [],
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

/** What is booked for one thing in one minute under one account, as a row of the meter, and what `rate` added to it. */
export interface Booked {
  readonly row: EnergyRow
  readonly account: string
  /** Of its embodied emissions; null: none are booked. */
  readonly embodiedUg: bigint | null
  /** The largest of its entries. */
  readonly revision: number
}

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
] as const
const NULLABLE = ['EnergyErrorUj', 'CarbonEmbodiedUg'] as const
/** As the newest of them says. */
const DESCRIBED = [
  ...METERED.map(({ name }) => name).filter(
    name => ![...KEYS, ...AMOUNTS, ...NULLABLE, 'Tenant'].some(other => other === name),
  ),
  'Zone',
] as const

type Found = Readonly<Record<string, string | number | boolean | null>> & { readonly Last: number }

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
    await query<Found>(`SELECT ${KEYS.map((name, index) => `${keys[index]} AS Key${name}`).join(', ')},
  ${described.join(',\n  ')},
  ${AMOUNTS.map(name => `toString(sum(toInt128(l.${name}))) AS Sum${name}`).join(', ')},
  ${NULLABLE.map(name => `toString(sum(toInt128(l.${name}))) AS Sum${name}`).join(', ')}, max(l.Revision) AS Last
FROM ${qualified(dialect, ledger.name)} AS l
WHERE ${ofMachine(span)} AND WindowStart >= ${minute(span.from)} AND WindowStart < ${minute(span.to)}
GROUP BY ${KEYS.join(', ')}
ORDER BY ${KEYS.join(', ')}`)
  return rows.map(found => bookedOf(found, span.tenant))
}

function bookedOf(found: Found, tenant: string): Booked {
  const bigintOf = (value: unknown): bigint | null => (value === null ? null : BigInt(String(value)))
  const row: Record<string, unknown> = { Tenant: tenant }
  for (const name of KEYS) row[name] = found[`Key${name}`]
  for (const name of DESCRIBED) row[name] = found[`Any${name}`]
  for (const name of AMOUNTS) row[name] = bigintOf(found[`Sum${name}`])
  const { Account, ...metered } = {
    ...row,
    Account: String(row['Account']),
    CapacityUs: bigintOf(found['AnyCapacityUs']),
    EnergyErrorUj: bigintOf(found['SumEnergyErrorUj']),
    Labels: JSON.parse(String(found['AnyLabels'])) as Record<string, string>,
  }
  return {
    row: metered as unknown as EnergyRow,
    account: Account,
    embodiedUg: bigintOf(found['SumCarbonEmbodiedUg']),
    revision: found.Last,
  }
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

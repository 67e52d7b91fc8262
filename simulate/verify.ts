/** Compares the books with what the meters counted: ledger and late readings of each host, in microjoules. */

/** One SELECT over the tables of the instance. */
export type Select = (query: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

interface HostBooks {
  /** Sum of the ledger's entries, µJ. */
  readonly ledgerUj: bigint
  /** Energy of readings that arrived after their minute was closed: it waits for restating. */
  readonly lateUj: bigint
  /** Entries that are not marked as simulated. */
  readonly unmarked: number
}

interface Difference {
  readonly host: string
  readonly meteredUj: bigint
  readonly ledgerUj: bigint
  readonly lateUj: bigint
  readonly unmarked: number
}

/** Result of a comparison of books and meters. */
export interface BooksVerdict {
  readonly hosts: number
  readonly meteredUj: bigint
  readonly ledgerUj: bigint
  readonly lateUj: bigint
  /** Hosts with wrong books; empty when all are right. */
  readonly differences: readonly Difference[]
  readonly spansAcknowledged: number
  readonly spansStored: number
}

interface Expected {
  readonly hostPrefix: string
  readonly run: string
  readonly meteredUj: ReadonlyMap<string, bigint>
  readonly spansAcknowledged: number
}

/** Whether every host's books are right and every acknowledged span is stored once. */
export const isGood = (verdict: BooksVerdict): boolean =>
  verdict.differences.length === 0 && verdict.spansStored === verdict.spansAcknowledged

/** Compares once: anything that is not in the books yet counts as missing. */
export async function verifyBooks(expected: Expected, select: Select): Promise<BooksVerdict> {
  const books = await readBooks(expected.hostPrefix, select)
  const spansStored = expected.spansAcknowledged === 0 ? 0 : await countSpans(expected.run, select)
  return { ...compare(expected.meteredUj, books), spansAcknowledged: expected.spansAcknowledged, spansStored }
}

/** Exported for its test. */
export function compare(
  meteredUj: ReadonlyMap<string, bigint>,
  books: ReadonlyMap<string, HostBooks>,
): Omit<BooksVerdict, 'spansAcknowledged' | 'spansStored'> {
  const differences: Difference[] = []
  const sum = { meteredUj: 0n, ledgerUj: 0n, lateUj: 0n }
  for (const host of new Set([...meteredUj.keys(), ...books.keys()])) {
    const metered = meteredUj.get(host) ?? 0n
    const { ledgerUj, lateUj, unmarked } = books.get(host) ?? { ledgerUj: 0n, lateUj: 0n, unmarked: 0 }
    sum.meteredUj += metered
    sum.ledgerUj += ledgerUj
    sum.lateUj += lateUj
    if (metered !== ledgerUj + lateUj || unmarked > 0) {
      differences.push({ host, meteredUj: metered, ledgerUj, lateUj, unmarked })
    }
  }
  return { hosts: meteredUj.size, ...sum, differences }
}

async function readBooks(hostPrefix: string, select: Select): Promise<Map<string, HostBooks>> {
  const rows = await select(
    'SELECT host, toString(sum(toInt128(booked))) AS ledger_uj, toString(sum(toInt128(tardy))) AS late_uj, toString(sum(plain)) AS unmarked FROM (' +
      `SELECT Host AS host, EnergyUj AS booked, 0 AS tardy, EnergyQuality NOT IN ('simulated', 'none') AS plain ` +
      `FROM ledger WHERE startsWith(Host, '${hostPrefix}') UNION ALL ` +
      `SELECT Host AS host, 0 AS booked, Value AS tardy, 0 AS plain FROM late_readings ` +
      `WHERE startsWith(Host, '${hostPrefix}') AND Quantity = 'energy') GROUP BY host`,
  )
  return new Map(
    rows.map(row => [
      String(row['host']),
      {
        ledgerUj: BigInt(String(row['ledger_uj'])),
        lateUj: BigInt(String(row['late_uj'])),
        unmarked: Number(row['unmarked']),
      },
    ]),
  )
}

async function countSpans(run: string, select: Select): Promise<number> {
  const [row] = await select(
    `SELECT toString(uniqExact(TraceId, SpanId)) AS n FROM otel_traces WHERE ResourceAttributes['wattline.simulation'] = '${run}'`,
  )
  return Number(row?.['n'] ?? 0)
}

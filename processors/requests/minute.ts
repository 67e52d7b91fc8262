/** Shares one minute: from what lies in the tables to the records that are to be appended. */
import type { OutputRecord } from '../../core/broker/broker.ts'
import { requestEnergy, requestMinutes } from '../../core/model/streams/index.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { selectRecords } from './records.ts'
import type { StaleMinute } from './stale-statement.ts'
import { differencesStatement, type RequestTables, receipts, type SharingRules } from './statement.ts'
import { type TokenCarrier, type TokenSpan, tokenCarriers } from './tokens.ts'
import { spansOfTraces, tracesWithUsage, type UsageTrace } from './tokens-statement.ts'

/** What a minute is shared with. */
export interface SharingContext {
  readonly statements: Pick<Statements, 'query'>
  /** See `selectRecords`. */
  readonly folder: string | null
  readonly tables: RequestTables
  readonly sharing: SharingRules
  readonly now: () => number
}

/** Traces whose spans are read at a time. */
const TRACES_AT_ONCE = 1_000

/** Records of a minute, and how many rows they have; `parts`: the number of statements, run one after the other, each for some of the workloads. */
export async function shareMinute(
  context: SharingContext,
  { minute, tenants, isFirst }: StaleMinute,
  parts: number,
): Promise<{ readonly outputs: readonly OutputRecord[]; readonly rows: number }> {
  const { statements, folder, tables, sharing, now } = context
  const outputs: OutputRecord[] = []
  let rows = 0
  const append = async (
    stream: typeof requestEnergy | typeof requestMinutes,
    select: string,
  ): Promise<void> => {
    for (const record of await selectRecords(statements, stream, select, folder)) {
      outputs.push({ stream: stream.name, partition: 0, record: { value: record.value, timestampMs: now() } })
      rows += record.rows
    }
  }
  // First: what comes in between is in the rows and not in the receipt, and the minute is shared again; never the other way.
  await append(requestMinutes, receipts(tables, { minute, tenants, parts: 1, part: 0 }))
  rows = 0
  const carriers = await carriersOf(context, minute, tenants)
  for (let part = 0; part < parts; part++) {
    await append(
      requestEnergy,
      differencesStatement(tables, { minute, tenants, parts, part }, { isFirst, carriers }, sharing),
    )
  }
  return { outputs, rows }
}

async function carriersOf(
  { statements, tables }: SharingContext,
  minute: number,
  tenants: readonly string[],
): Promise<readonly TokenCarrier[]> {
  const traces = await statements.query<UsageTrace>(tracesWithUsage(tables.spans, minute, tenants))
  const [from, to] = [minute, minute + 60].map(seconds => BigInt(seconds) * 1_000_000_000n)
  const carriers: TokenCarrier[] = []
  for (let at = 0; at < traces.length; at += TRACES_AT_ONCE) {
    const some = traces.slice(at, at + TRACES_AT_ONCE)
    const spans = await statements.query<TokenSpan>(spansOfTraces(tables.spans, some))
    for (const carrier of tokenCarriers(spans)) {
      const start = BigInt(carrier.Start)
      if (start >= from! && start < to!) carriers.push(carrier)
    }
  }
  return carriers
}

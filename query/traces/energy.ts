/** What a trace used: its rows of `request_energy`, and each span's part of them. */
import type { TraceAnswer, TraceEnergy } from '../../core/api/answers.ts'
import { apportion } from '../../core/model/apportion.ts'
import { REQUEST_AMOUNTS } from '../../core/model/streams/request-energy.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import { type AmountColumns, amountsAnswer } from '../requests/answer.ts'
import { selfTimes } from './self-times.ts'

type Spans = TraceAnswer['spans']

const COLUMNS = [
  'Service',
  'Operation',
  'SpanKind',
  'Account',
  'WorkloadKind',
  'WorkloadId',
  'Host',
  'Match',
  'EnergyQuality',
  'Currency',
  'IntensityKind',
  'Reason',
] as const
type TraceEnergyRow = AmountColumns &
  Readonly<Record<(typeof COLUMNS)[number] | 'SelfTimeNs' | 'InputTokens' | 'OutputTokens', string>>

interface TraceMinutes {
  readonly tenant: string
  readonly id: string
  /** Unix seconds of the minutes in which the trace ran, `[from, to)`. */
  readonly from: number
  readonly to: number
}

const WITHIN =
  "Tenant = {tenant:String} AND WindowStart >= toDateTime({from:UInt32}, 'UTC') AND WindowStart < toDateTime({to:UInt32}, 'UTC')"

function energyOfTrace({ tenant, id, from, to }: TraceMinutes): ParameterizedSql {
  const sums = [...REQUEST_AMOUNTS.map(({ name }) => name), 'SelfTimeNs', 'InputTokens', 'OutputTokens']
  return {
    text:
      `SELECT ${COLUMNS.map(name => `toString(${name}) AS ${name}`).join(', ')}, ${sums.map(name => `toString(s_${name}) AS ${name}`).join(', ')} ` +
      `FROM (SELECT ${COLUMNS.join(', ')}, sum(Spans) AS n, ${sums.map(name => `sum(${name}) AS s_${name}`).join(', ')} FROM ${tableName('request_energy')} ` +
      `WHERE ${WITHIN} AND TraceId = {id:String} GROUP BY ${COLUMNS.join(', ')} HAVING n != 0) ORDER BY ${COLUMNS.join(', ')}`,
    params: { tenant, id, from, to },
  }
}

/** Why spans of some services have no energy. Spans without a workload have rows by service and operation, of all traces. */
function reasonsOfSpans({ tenant, from, to }: TraceMinutes, services: readonly string[]): ParameterizedSql {
  return {
    text:
      `SELECT toString(Service) AS Service, toString(Operation) AS Operation, toString(SpanKind) AS SpanKind, toString(any(Reason)) AS Reason ` +
      `FROM ${tableName('request_energy')} WHERE ${WITHIN} AND has({services:Array(String)}, Service) AND WorkloadKind = '' ` +
      'GROUP BY Service, Operation, SpanKind',
    params: { tenant, from, to, services },
  }
}

function sharedMinutes({ tenant, from, to }: TraceMinutes): ParameterizedSql {
  return {
    text: `SELECT toString(uniqExact(WindowStart)) AS n FROM ${tableName('request_minutes')} WHERE ${WITHIN}`,
    params: { tenant, from, to },
  }
}

const MINUTE = 60
const thing = (service: string, operation: string, kind: string): string =>
  JSON.stringify([service, operation, kind])

/** `spans`: all of the trace. */
export async function traceEnergy(
  reader: FencedReader,
  tenant: string,
  id: string,
  spans: Spans,
): Promise<TraceEnergy> {
  const bounds = boundsOf(tenant, id, spans)
  const ask = <Row>({ text, params }: ParameterizedSql): Promise<readonly Row[]> =>
    reader.query<Row>(text, params)
  const rows = await ask<TraceEnergyRow>(energyOfTrace(bounds))
  const known = new Set(rows.map(row => thing(row.Service, row.Operation, row.SpanKind)))
  const others = spans.filter(span => !known.has(thing(span.service, span.name, span.kind)))
  return {
    ...amountsAnswer(rows),
    rows: rowsOf(rows),
    unknown: {
      ...(others.length === 0 ? {} : await reasonsFor(ask, bounds, others)),
      ...Object.fromEntries(
        spans.flatMap(span => {
          const row = rows.find(one => isOf(one, span))
          return row !== undefined && row.EnergyUj === null ? [[span.span_id, row.Reason || 'no_energy']] : []
        }),
      ),
    },
    spans_uj: spansOf(rows, spans),
  }
}

const isOf = (row: TraceEnergyRow, span: Spans[number]): boolean =>
  row.Service === span.service && row.Operation === span.name && row.SpanKind === span.kind

function boundsOf(tenant: string, id: string, spans: Spans): TraceMinutes {
  const seconds = (nano: bigint): number => Number(nano / 1_000_000_000n)
  const starts = spans.map(span => seconds(BigInt(span.start_unix_nano)))
  const ends = spans.map(span => seconds(BigInt(span.start_unix_nano) + BigInt(span.duration_nano)))
  const floor = (second: number): number => second - (second % MINUTE)
  return { tenant, id, from: floor(Math.min(...starts)), to: floor(Math.max(...ends)) + MINUTE }
}

async function reasonsFor(
  ask: <Row>(sql: ParameterizedSql) => Promise<readonly Row[]>,
  bounds: TraceMinutes,
  others: Spans,
): Promise<Record<string, string>> {
  const services = [...new Set(others.map(span => span.service))]
  const found = await ask<Record<'Service' | 'Operation' | 'SpanKind' | 'Reason', string>>(
    reasonsOfSpans(bounds, services),
  )
  const reasons = new Map(found.map(row => [thing(row.Service, row.Operation, row.SpanKind), row.Reason]))
  const [counted] = await ask<{ n: string }>(sharedMinutes(bounds))
  const isShared = Number(counted?.n ?? 0) >= (bounds.to - bounds.from) / MINUTE
  return Object.fromEntries(
    others.map(span => [
      span.span_id,
      reasons.get(thing(span.service, span.name, span.kind)) ?? (isShared ? 'not_kept' : 'not_shared_yet'),
    ]),
  )
}

/** A row for each thing and workload, whatever its accounts and currencies. */
function rowsOf(rows: readonly TraceEnergyRow[]): TraceEnergy['rows'] {
  const groups = Map.groupBy(rows, row =>
    JSON.stringify([
      row.Service,
      row.Operation,
      row.SpanKind,
      row.Account,
      row.Host,
      row.WorkloadKind,
      row.WorkloadId,
    ]),
  )
  const sum = (
    some: readonly TraceEnergyRow[],
    name: 'SelfTimeNs' | 'InputTokens' | 'OutputTokens',
  ): string => some.reduce((all, row) => all + BigInt(row[name]), 0n).toString()
  return [...groups.values()].map(some => {
    const [first] = some
    return {
      service: first!.Service,
      operation: first!.Operation,
      kind: first!.SpanKind,
      account: first!.Account,
      workload_kind: first!.WorkloadKind,
      workload_id: first!.WorkloadId,
      host: first!.Host,
      match: first!.Match,
      quality: first!.EnergyQuality,
      self_time_ns: sum(some, 'SelfTimeNs'),
      input_tokens: sum(some, 'InputTokens'),
      output_tokens: sum(some, 'OutputTokens'),
      ...amountsAnswer(some),
      reasons: [...new Set(some.flatMap(({ Reason }) => Reason.split(',')))].filter(reason => reason !== ''),
    }
  })
}

/** A thing's µJ over its spans of the trace: whole, by largest remainder. */
function spansOf(rows: readonly TraceEnergyRow[], spans: Spans): Record<string, string> {
  const own = selfTimes(
    spans.map(span => ({
      id: span.span_id,
      parent: span.parent_span_id,
      kind: span.kind,
      start: BigInt(span.start_unix_nano),
      duration: BigInt(span.duration_nano),
    })),
  )
  const shares: Record<string, string> = {}
  const timed = spans.map((span, index) => ({ span, weight: own[index]! }))
  for (const some of Map.groupBy(timed, ({ span }) => thing(span.service, span.name, span.kind)).values()) {
    const known = rows.filter(row => isOf(row, some[0]!.span) && row.EnergyUj !== null)
    if (known.length === 0) continue
    const energy = known.reduce((sum, row) => sum + BigInt(row.EnergyUj!), 0n)
    const isTimed = some.some(({ weight }) => weight > 0n)
    const parts = apportion(
      energy,
      some.map(({ weight }) => (isTimed ? weight : 1n)),
    )
    for (const [index, { span }] of some.entries()) shares[span.span_id] = parts[index]!.toString()
  }
  return shares
}

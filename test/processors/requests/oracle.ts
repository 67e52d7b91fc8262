/**
 * What docs/requests.md says of one tenant's minute, worked out from the rules and not from the statements: by plain loops over
 * spans and entries, in bigint. Spans name their workload by `container.id`.
 */
import type { ledger, traces } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'

export type Span = RowOf<typeof traces>
export type Entry = RowOf<typeof ledger>

const AMOUNTS = [
  'EnergyUj',
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'CostEnergyNano',
  'CostResourceNano',
] as const
export type AmountName = (typeof AMOUNTS)[number]

const SECOND = 1_000_000_000n
const SKEW = 5n * SECOND

export interface Interval {
  readonly from: bigint
  readonly to: bigint
}

const startOf = (span: Span): bigint => span.Timestamp
const endOf = (span: Span): bigint => span.Timestamp + span.Duration
const runs = (span: Span, { from, to }: Interval): boolean =>
  startOf(span) < to && (endOf(span) > from || startOf(span) >= from)

/** Where a child runs on its parent's clock. */
function placed(child: Span, parent: Span): Interval {
  const own = { from: startOf(child), to: endOf(child) }
  const isAnswer = parent.SpanKind === 'Client' && child.SpanKind === 'Server'
  const isWithin = own.from >= startOf(parent) && own.to <= endOf(parent)
  if (!isAnswer || isWithin || child.Duration > parent.Duration) return own
  const from = startOf(parent) + (parent.Duration - child.Duration) / 2n
  return { from, to: from + child.Duration }
}

/** ns of a span within the minute that no child covers: counted piece by piece between all the edges there are. */
function selfTime(span: Span, children: readonly Span[], minute: Interval): bigint {
  const clip = ({ from, to }: Interval): Interval => ({
    from: from > minute.from ? from : minute.from,
    to: to < minute.to ? to : minute.to,
  })
  const own = clip({ from: startOf(span), to: endOf(span) })
  const covering = children.map(child => placed(child, span))
  const edges = [own, ...covering]
    .flatMap(({ from, to }) => [from, to])
    .filter(edge => edge >= own.from && edge <= own.to)
    .toSorted((a, b) => (a < b ? -1 : 1))
  let sum = 0n
  for (const [index, from] of edges.entries()) {
    const to = edges[index + 1] ?? from
    if (!covering.some(one => one.from <= from && one.to >= to)) sum += to - from
  }
  return sum
}

/** By largest remainder: ties go by trace id and span id. */
function shared(
  total: bigint | null,
  spans: readonly { readonly span: Span; readonly weight: bigint }[],
): (bigint | null)[] {
  if (total === null) return spans.map(() => null)
  const sign = total < 0n ? -1n : 1n
  const amount = total * sign
  const weight = spans.reduce((sum, one) => sum + one.weight, 0n)
  const parts = spans.map((one, index) => ({
    index,
    id: `${one.span.TraceId}/${one.span.SpanId}`,
    part: (amount * one.weight) / weight,
    rest: (amount * one.weight) % weight,
  }))
  let left = amount - parts.reduce((sum, { part }) => sum + part, 0n)
  const result = parts.map(({ part }) => part)
  for (const { index } of parts.toSorted((a, b) =>
    a.rest !== b.rest ? (a.rest > b.rest ? -1 : 1) : a.id < b.id ? -1 : 1,
  )) {
    if (left === 0n) break
    result[index]! += 1n
    left -= 1n
  }
  return result.map(part => part * sign)
}

const sumOf = (values: readonly (bigint | null)[]): bigint | null => {
  const known = values.filter(value => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0n)
}

/** Amounts by `workload/trace/service/operation`, '' for each where no span ran; of spans without workload the reason. */
export function expectedRows(
  spans: readonly Span[],
  entries: readonly Entry[],
  minute: Interval,
): Map<string, Row> {
  const rows = new Map<string, Row>()
  const add = (key: string, counts: Omit<Row, AmountName>, amounts: readonly (bigint | null)[]): void => {
    const known = rows.get(key)
    rows.set(key, {
      spans: (known?.spans ?? 0) + counts.spans,
      requests: (known?.requests ?? 0) + counts.requests,
      self: (known?.self ?? 0n) + counts.self,
      ...(Object.fromEntries(
        AMOUNTS.map((name, index) => [name, sumOf([known?.[name] ?? null, amounts[index]!])]),
      ) as Record<AmountName, bigint | null>),
    })
  }
  const distinct = [...new Map(spans.map(span => [`${span.TraceId}/${span.SpanId}`, span])).values()]
  const around = { from: minute.from - SKEW, to: minute.to + SKEW }
  const seen = distinct.filter(span => runs(span, around))
  const running = seen
    .filter(span => runs(span, minute))
    .map(span => {
      const children = seen.filter(
        child => child.TraceId === span.TraceId && child.ParentSpanId === span.SpanId && child !== span,
      )
      const isBegun = startOf(span) >= minute.from
      const isEntry = span.ParentSpanId === '' || span.SpanKind === 'Server' || span.SpanKind === 'Consumer'
      return { span, weight: selfTime(span, children, minute), requests: isBegun && isEntry ? 1 : 0 }
    })
  const byWorkload = Map.groupBy(entries, entry => entry.WorkloadId)
  for (const [id, some] of byWorkload) {
    const hasEnergy = some.some(entry => entry.EnergyQuality !== 'none')
    const totals = AMOUNTS.map(name =>
      name === 'EnergyUj' && !hasEnergy ? null : sumOf(some.map(entry => entry[name])),
    )
    const own = running.filter(({ span }) => span.ResourceAttributes['container.id'] === id)
    const isIdle = own.every(({ weight }) => weight === 0n)
    const shares = totals.map(total =>
      isIdle ? own.map(() => (total === null ? null : 0n)) : shared(total, own),
    )
    if (isIdle) add(`${id}///`, { spans: 0, requests: 0, self: 0n }, totals)
    for (const [index, { span, weight, requests }] of own.entries()) {
      add(
        `${id}/${span.TraceId}/${span.ServiceName}/${span.SpanName}`,
        { spans: 1, requests, self: weight },
        shares.map(some => some[index]!),
      )
    }
  }
  for (const { span, weight, requests } of running) {
    if (byWorkload.has(span.ResourceAttributes['container.id'] ?? '')) continue
    add(
      `//${span.ServiceName}/${span.SpanName}`,
      { spans: 1, requests, self: weight },
      AMOUNTS.map(() => null),
    )
  }
  return rows
}

export type Row = { readonly spans: number; readonly requests: number; readonly self: bigint } & Readonly<
  Record<AmountName, bigint | null>
>

/** The same from rows of the table. */
export const rowsStatement = (tenant: string, minute: number): string =>
  `SELECT concat(WorkloadId, '/', TraceId, '/', Service, '/', Operation) AS key, toFloat64(sum(Spans)) AS spans,
     toFloat64(sum(Requests)) AS requests, toString(sum(SelfTimeNs)) AS self,
     ${AMOUNTS.map(name => `toString(sum(r.${name})) AS ${name}`).join(', ')}
   FROM wattline.request_energy AS r WHERE Tenant = '${tenant}' AND WindowStart = toDateTime(${minute}, 'UTC')
   GROUP BY key HAVING spans != 0 OR key LIKE '%///' ORDER BY key`

export function readRow(row: Readonly<Record<string, string | number | null>>): readonly [string, Row] {
  const big = (value: string | number | null | undefined): bigint | null =>
    value === null || value === undefined ? null : BigInt(value)
  return [
    String(row['key']),
    {
      spans: Number(row['spans']),
      requests: Number(row['requests']),
      self: big(row['self'])!,
      ...(Object.fromEntries(AMOUNTS.map(name => [name, big(row[name])])) as Record<
        AmountName,
        bigint | null
      >),
    },
  ]
}

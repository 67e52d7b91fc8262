import { encodeRows } from '../../../core/columns/rows.ts'
import {
  alerts,
  ledger,
  logs,
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
  readings,
  traces,
} from '../../../core/model/streams/index.ts'
import type { RowOf, StreamDeclaration } from '../../../core/model/streams/stream.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { OF_POINT } from '../../query/prometheus/support/points.ts'
import { ledgerRow, logRow, readingRow, spanRow } from '../../query/support/rows.ts'
import { type Asker, fill, MINE, OWNED_STREAMS, SECRET, THEIRS } from '../worlds.ts'
import { ACCOUNTS, AT_S, HOSTS, LEDGER_S, NAMESPACES, ROWS, SEEN, SERVICES } from './words.ts'

/**
 * Rows as collectors write them, so that the routes find something: spans, points, entries of the last hour. Hidden rows
 * are between the visible ones, and partly under the same names: in the same traces, metrics, hosts and accounts.
 */
interface Owner {
  readonly tenant: string
  readonly isHidden: boolean
  /** Account of hidden rows that share the visible names. */
  readonly sharesAccount: boolean
}

const VISIBLE: Owner = { tenant: MINE, isHidden: false, sharesAccount: true }
const OTHER_TENANT: Owner = { tenant: THEIRS, isHidden: true, sharesAccount: true }
const OTHER_ACCOUNT: Owner = { tenant: MINE, isHidden: true, sharesAccount: false }

const cycled = (list: readonly string[], n: number): string => list[n % list.length] ?? ''
const nanoAt = (seconds: number): bigint => BigInt(seconds) * 1_000_000_000n

/** What row n of an owner says. */
function wordsOf(owner: Owner, n: number) {
  const secret = `${SECRET}-${n}`
  const either = (visible: string): string => (owner.isHidden && n % 3 !== 0 ? secret : visible)
  return {
    mark: owner.isHidden ? secret : SEEN,
    either,
    number: owner.isHidden ? 1_000_000_000_000 + n : 1 + (n % 9),
    account: owner.sharesAccount ? either(cycled(ACCOUNTS, n)) : secret,
  }
}

function spanOf(owner: Owner, n: number): RowOf<typeof traces> {
  const { mark, either, number } = wordsOf(owner, n)
  const trace = String(1 + Math.floor(n / 5)).padStart(4, '0')
  const isOwnTrace = owner.isHidden && n % 4 !== 0
  const id = (at: number, isSecret: boolean): string =>
    (isSecret ? 'f' : '0').repeat(12) + String(at + 1).padStart(4, '0')
  const service = either(cycled(SERVICES, n))
  return spanRow({
    Tenant: owner.tenant,
    Timestamp: nanoAt(AT_S + n * 15),
    TraceId: (isOwnTrace ? 'f' : '0').repeat(28) + trace,
    SpanId: id(n, owner.isHidden),
    ParentSpanId: n % 5 === 0 ? '' : id(n - 1, isOwnTrace),
    SpanName: either(n % 2 === 0 ? 'GET /cart' : 'charge'),
    SpanKind: n % 2 === 0 ? 'Server' : 'Client',
    ServiceName: service,
    ResourceAttributes: { 'service.name': service, owner: mark },
    SpanAttributes: { owner: mark, 'http.route': either('/cart'), n: String(number), [either('key')]: 'x' },
    Duration: BigInt(number) * 1_000_000n,
    StatusCode: n % 4 === 0 ? 'Error' : 'Unset',
    StatusMessage: n % 4 === 0 ? mark : '',
    'Events.Timestamp': [nanoAt(AT_S + n * 15)],
    'Events.Name': [either('exception')],
    'Events.Attributes': [{ 'exception.type': mark, owner: mark }],
    'Links.TraceId': [(owner.isHidden ? 'f' : '0').repeat(28) + trace],
    'Links.SpanId': [id(n, owner.isHidden)],
    'Links.TraceState': [''],
    'Links.Attributes': [{ owner: mark }],
  })
}

function pointOf(owner: Owner, n: number) {
  const { mark, either, number } = wordsOf(owner, n)
  const service = either(cycled(SERVICES, n))
  const host = either(cycled(HOSTS, n))
  // Series have several points.
  const series = owner.isHidden ? `${SECRET}-${n % 5}` : SEEN
  const exemplar = {
    attributes: { owner: mark },
    time: nanoAt(AT_S + n * 15).toString(),
    value: String(number),
    bits: '3ff0000000000000',
    spanId: owner.isHidden ? 'f'.repeat(16) : '',
    traceId: '',
  }
  return {
    number,
    name: (visible: string): string => (owner.isHidden && n % 3 === 1 ? `${SECRET}-${n % 4}` : visible),
    row: {
      ...OF_POINT,
      Tenant: owner.tenant,
      ServiceName: service,
      Labels: JSON.stringify({ owner: series, zone: `z${n % 2}` }),
      Resource: JSON.stringify({
        'service.name': service,
        'service.instance.id': `${host}:1`,
        owner: series,
      }),
      Meta: JSON.stringify({
        description: owner.isHidden ? SECRET : 'seen',
        unit: owner.isHidden ? 's' : '',
      }),
      StartTimeUnix: nanoAt(AT_S - 60),
      TimeUnix: nanoAt(AT_S + n * 15),
      Exemplars: JSON.stringify([exemplar]),
    },
  }
}

const floatPoint =
  (kind: number, visible: string) =>
  (owner: Owner, n: number): RowOf<typeof metricPoints> => {
    const { row, name, number } = pointOf(owner, n)
    return { ...row, MetricName: name(visible), Kind: kind, Value: number + n }
  }

function histogramOf(owner: Owner, n: number): RowOf<typeof metricHistograms> {
  const { row, name, number } = pointOf(owner, n)
  const count = BigInt(number + n)
  return {
    ...row,
    ...{ MetricName: name('latency'), Kind: 1, Count: 2n * count, Sum: number, Min: 0, Max: 0 },
    BucketCounts: [count, count],
    ExplicitBounds: [owner.isHidden ? 0.75 : 0.5],
    ...{ IsFloat: false, FloatCount: 0, FloatBucketCounts: [], ResetHint: 0 },
  }
}

function expHistogramOf(owner: Owner, n: number): RowOf<typeof metricExpHistograms> {
  const { row, name, number } = pointOf(owner, n)
  const count = BigInt(number + n)
  return {
    ...row,
    ...{ MetricName: name('sizes'), Kind: 1, Count: 2n * count, Sum: number, Scale: 1, ZeroCount: 0n },
    ...{ ZeroThreshold: 0, PositiveOffset: owner.isHidden ? 9 : 0, PositiveBucketCounts: [count, count] },
    ...{ NegativeOffset: 0, NegativeBucketCounts: [], Min: 0, Max: 0, IsFloat: false, FloatCount: 0 },
    ...{ FloatZeroCount: 0, FloatPositiveBucketCounts: [], FloatNegativeBucketCounts: [], ResetHint: 0 },
  }
}

function summaryOf(owner: Owner, n: number): RowOf<typeof metricSummaries> {
  const { row, name, number } = pointOf(owner, n)
  const { Exemplars: _, ...rest } = row
  return {
    ...rest,
    ...{ MetricName: name('quant'), Kind: 1, Count: BigInt(number + n), Sum: number },
    ...{ Quantiles: [owner.isHidden ? 0.99 : 0.5], QuantileValues: [number] },
  }
}

function entryOf(owner: Owner, n: number): RowOf<typeof ledger> {
  const { mark, either, number, account } = wordsOf(owner, n)
  const isIdle = n % 6 === 5
  return ledgerRow({
    Tenant: owner.tenant,
    Account: account,
    Host: either(cycled(HOSTS, n)),
    HostName: either(cycled(HOSTS, n)),
    Namespace: either(cycled(NAMESPACES, n)),
    WindowStart: LEDGER_S + n * 120,
    WorkloadKind: isIdle ? '' : 'container',
    WorkloadId: isIdle ? '' : either(`w${n % 2}`),
    WorkloadName: isIdle ? '' : either(`w${n % 2}`),
    Share: isIdle ? 'idle' : 'active',
    Component: n % 2 === 0 ? 'cpu' : 'dram',
    EnergyUj: BigInt(number) * 1_000n,
    CpuUs: BigInt(number),
    CarbonOperationalUg: BigInt(number),
    CostEnergyNano: BigInt(number),
    Labels: { owner: mark, 'k8s.pod.label.owner': mark, [either('team')]: 'x' },
    EntryId: `${owner.tenant}-${owner.isHidden}-${n}`,
    Zone: either('DE'),
  })
}

function logOf(owner: Owner, n: number): RowOf<typeof logs> {
  const { mark, either } = wordsOf(owner, n)
  return logRow({
    Tenant: owner.tenant,
    Timestamp: nanoAt(AT_S + n * 15),
    ServiceName: either(cycled(SERVICES, n)),
    Body: mark,
  })
}

function readingOf(owner: Owner, n: number): RowOf<typeof readings> {
  const { either, number } = wordsOf(owner, n)
  const host = either(cycled(HOSTS, n))
  return readingRow({
    Tenant: owner.tenant,
    Host: host,
    HostName: host,
    Timestamp: nanoAt(AT_S + 300 + n * 10),
    Value: BigInt(number) + BigInt(n) * 1_000_000n,
  })
}

function alertOf(owner: Owner, n: number): RowOf<typeof alerts> {
  const { mark, either } = wordsOf(owner, n)
  return {
    Tenant: owner.tenant,
    Time: AT_S + n,
    GroupName: either('power'),
    Rule: either('hot'),
    Fingerprint: String(n % 3).padStart(16, '0'),
    State: 'firing',
    Value: n,
    Labels: { owner: mark },
    Annotations: { summary: mark },
    ActiveAt: AT_S,
    FiredAt: AT_S,
  }
}

type Insert = (warehouse: Warehouse, owners: readonly Owner[], token: string) => Promise<void>

/** Rows of a stream for each owner, one beside the other. */
const rowsOf =
  <S extends StreamDeclaration>(
    stream: S,
    ...makers: readonly ((owner: Owner, n: number) => RowOf<S>)[]
  ): Insert =>
  async (warehouse, owners, token) => {
    const rows = Array.from({ length: ROWS }, (_, n) =>
      owners.flatMap(owner => makers.map(make => make(owner, n))),
    ).flat()
    await warehouse.insert(stream, encodeRows(stream, rows), token)
  }

const INSERTS: readonly Insert[] = [
  rowsOf(traces, spanOf),
  rowsOf(metricPoints, floatPoint(0, 'load'), floatPoint(1, 'requests')),
  rowsOf(metricHistograms, histogramOf),
  rowsOf(metricExpHistograms, expHistogramOf),
  rowsOf(metricSummaries, summaryOf),
  rowsOf(ledger, entryOf),
  rowsOf(logs, logOf),
  rowsOf(readings, readingOf),
  rowsOf(alerts, alertOf),
]

/** Their rows of `fill` are nothing that a route can read. */
const REAL_ALONE = new Set([
  ...['metric_points', 'metric_histograms', 'metric_exp_histograms', 'metric_summaries'],
  'alerts',
])

/** Fills every table: with rows of the last hour where routes look for them, and with those of 2020. */
export async function fillForRoutes(warehouse: Warehouse, asker: Asker, isMixed: boolean): Promise<void> {
  const tables = OWNED_STREAMS.map(({ table }) => table?.name ?? '')
  await fill(
    warehouse,
    asker,
    isMixed,
    tables.filter(name => !REAL_ALONE.has(name)),
  )
  const hidden = asker.accounts === null ? [OTHER_TENANT] : [OTHER_TENANT, OTHER_ACCOUNT]
  const owners = [VISIBLE, ...(isMixed ? hidden : [])]
  for (const [index, insert] of INSERTS.entries()) await insert(warehouse, owners, `routes/${index}`)
}

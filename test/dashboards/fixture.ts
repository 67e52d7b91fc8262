import type {
  LiveAnswer,
  LiveSeries,
  RecentTracesAnswer,
  StatusAnswer,
  TraceAnswer,
  UsageAnswer,
  UsageRow,
} from '../../core/api/answers.ts'

/**
 * Answers of a plausible machine, the same for the same seed, for the tests of the page and its screenshots. Sums are
 * computed from the rows, so that a test can check the page against them.
 */
interface Actor {
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly account: string
  /** Mean draw in mW. */
  readonly draw: number
  readonly swing: number
}

const actor = (
  kind: string,
  name: string,
  namespace: string,
  account: string,
  draw: number,
  swing: number,
): Actor => ({ kind, name, namespace, account, draw, swing })

const ACTORS: readonly Actor[] = [
  actor('container', 'checkout-api', 'shop', 'retail', 9_400, 0.5),
  actor('container', 'postgres-primary', 'shop', 'retail', 6_100, 0.25),
  actor('container', 'recommender', 'ml', 'research', 5_300, 0.8),
  actor('unit', 'clickhouse-server.service', 'system', 'platform', 3_900, 0.4),
  actor('container', 'redis', 'shop', 'retail', 1_450, 0.2),
  actor('unit', 'kubelet.service', 'system', 'platform', 1_200, 0.15),
  actor('container', 'otel-gateway', 'observability', 'platform', 980, 0.3),
  actor('container', 'thumbnailer', 'media', 'marketing', 760, 1),
  actor('unit', 'containerd.service', 'system', 'platform', 520, 0.2),
  actor('unit', 'wattline.service', 'system', 'platform', 310, 0.2),
  actor('unit', 'sshd.service', 'system', 'platform', 40, 0.6),
]

const FOLDED = actor('rest', 'other workloads', '', '', 420, 0.3)
const IDLE_MILLIWATTS = 21_000
const UNATTRIBUTED_MILLIWATTS = 1_900
const INTERVAL_MS = 5_000

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Changes to an answer for a test. */
export interface LiveOptions {
  readonly nowMs: number
  readonly minutes: number
  readonly priced?: boolean
  readonly measured?: boolean
  readonly hosts?: number
  readonly host?: string
}

export function liveAnswer(options: LiveOptions): LiveAnswer {
  const { nowMs, minutes } = options
  const newest = Math.floor(nowMs / INTERVAL_MS) * INTERVAL_MS
  const count = Math.max(1, (minutes * 60_000) / INTERVAL_MS)
  // No meter readings for a while, four fifths of the way back: one long interval without values.
  const gap = { from: Math.round(count * 0.2), to: Math.round(count * 0.2) + 6 }
  const all = Array.from({ length: count }, (_, index) => newest - (count - 1 - index) * INTERVAL_MS)
  const times = all.filter((_, index) => index < gap.from || index >= gap.to - 1)
  const unseen = all[gap.to - 1]!
  const measured = options.measured ?? false
  const hosts = Array.from({ length: options.hosts ?? 1 }, (_, index) => ({
    host: `host-${index + 1}`,
    host_name: `rack4-node${index + 1}`,
  }))
  const host = hosts.find(one => one.host === options.host) ?? hosts[0]!
  return {
    ...host,
    hosts,
    hosts_total: hosts.length,
    clock_offset_ms: null,
    cpus: 16,
    energy_quality: measured ? 'measured' : 'estimated',
    energy_source: measured ? 'rapl' : 'model of the CPU family by utilisation',
    boundary: 'components',
    error_band: measured ? null : 0.4,
    zone: 'DE',
    intensity_g_per_kwh: '344.1',
    intensity_kind: 'average',
    intensity_source: 'yearly average of Germany (2024), Ember',
    pue: '1.2',
    currency: 'EUR',
    price_per_kwh: options.priced === false ? null : '0.2850',
    times_ms: times,
    series: [
      ...[...ACTORS, FOLDED].map((each, index) => seriesOf(each, times, index, unseen)),
      shareSeries('unattributed', UNATTRIBUTED_MILLIWATTS, times, 91, unseen),
      shareSeries('idle', IDLE_MILLIWATTS, times, 92, unseen),
    ],
  }
}

function seriesOf(each: Actor, times: readonly number[], seed: number, unseen: number): LiveSeries {
  const milliwatts = curve(each.draw, each.swing, times, seed, unseen)
  return {
    share: 'active',
    workload_kind: each.kind,
    workload_id: `${each.kind}-${each.name}`,
    workload_name: each.name,
    namespace: each.namespace,
    milliwatts,
    cpus_used: milliwatts.map(value => (value === null ? null : value / 4_000)),
  }
}

function shareSeries(
  share: 'idle' | 'unattributed',
  draw: number,
  times: readonly number[],
  seed: number,
  unseen: number,
): LiveSeries {
  return {
    share,
    workload_kind: '',
    workload_id: '',
    workload_name: '',
    namespace: '',
    milliwatts: curve(draw, 0.05, times, seed, unseen),
    cpus_used: times.map(() => null),
  }
}

/** A slow wave, some noise and an occasional burst; a function of time only, so that refreshes agree. */
function curve(
  draw: number,
  swing: number,
  times: readonly number[],
  seed: number,
  unseen: number,
): (number | null)[] {
  return times.map(time => {
    if (time === unseen) return null
    const minute = time / 60_000
    const wave = Math.sin(minute / (2 + (seed % 5)) + seed) * 0.5
    const noise = seeded(seed * 7_919 + Math.floor(time / INTERVAL_MS))() - 0.5
    const burst = Math.sin(minute * 0.7 + seed * 2.3) > 0.93 ? 1.4 : 0
    return Math.max(0, Math.round(draw * (1 + swing * (wave + noise * 0.5 + burst))))
  })
}

const WINDOW_SECONDS: Readonly<Record<string, number>> = {
  '5m': 300,
  '1h': 3_600,
  '24h': 86_400,
  '7d': 604_800,
  today: 40_000,
  month: 1_800_000,
}

/** Prices and factors of the fixture: 0.285 EUR and 344.1 g per kWh at PUE 1.2, rounded once per row. */
const NANO_PER_WS = 95n
const UG_PER_WS = 115n

export function usageAnswer(window: string, options: { readonly priced?: boolean } = {}): UsageAnswer {
  const seconds = WINDOW_SECONDS[window] ?? 3_600
  const priced = options.priced ?? true
  const random = seeded(seconds)
  const jitter = (draw: number): bigint =>
    BigInt(Math.round(draw * 1_000 * seconds * (0.9 + random() * 0.2))) + BigInt(Math.floor(random() * 997))
  const workloads = ACTORS.map(each =>
    usageRow(
      {
        share: 'active',
        kind: each.kind,
        namespace: each.namespace,
        workload: each.name,
        account: each.account,
      },
      jitter(each.draw),
      priced,
    ),
  )
  const shares = [
    usageRow(shareGroup('unattributed'), jitter(UNATTRIBUTED_MILLIWATTS), priced),
    usageRow(shareGroup('idle'), jitter(IDLE_MILLIWATTS), priced),
  ]
  const rows = [...workloads, ...shares].toSorted((a, b) =>
    BigInt(a.energy_uj) > BigInt(b.energy_uj) ? -1 : 1,
  )
  return {
    window: { from: '2026-11-21T10:00:00Z', to: '2026-11-21T11:00:00Z' },
    step_seconds: null,
    calendar_step: null,
    group_by: ['share', 'kind', 'namespace', 'workload', 'account'],
    currency: 'EUR',
    costs: costsOf(totalOf(rows)),
    rows,
    truncated: false,
    total: totalOf(rows),
    idle_sharing: 'booked',
    idle_shared_by_seconds: null,
    excluded_uj: '0',
  }
}

function shareGroup(share: string): Readonly<Record<string, string>> {
  return { share, kind: '', namespace: '', workload: '', account: 'operator' }
}

function usageRow(group: Readonly<Record<string, string>>, energy: bigint, priced: boolean): UsageRow {
  const text = energy.toString()
  const share = group['share']
  return {
    group,
    start: null,
    energy_uj: text,
    active_uj: share === 'active' ? text : '0',
    idle_uj: share === 'idle' ? text : '0',
    unattributed_uj: share === 'unattributed' ? text : '0',
    cpu_us: share === 'idle' ? '0' : (energy / 4n).toString(),
    gpu_us: '0',
    gpu_reserved_idle_us: '0',
    carbon_operational_ug: ((energy * UG_PER_WS) / 1_000_000n).toString(),
    carbon_embodied_ug: ((energy * 31n) / 1_000_000n).toString(),
    cost_energy_nano: priced ? ((energy * NANO_PER_WS) / 1_000_000n).toString() : null,
    cost_resource_nano: null,
    energy_error_uj: ((energy * 35n) / 100n).toString(),
    unknown_error_uj: '0',
    over_busy_uj: '0',
    coverage: 0.998,
    quality: { measured: 0, interpolated: 0.02, estimated: 0.98, simulated: 0 },
    unpriced: {
      carbon_entries: '0',
      carbon_uj: '0',
      cost_entries: priced ? '0' : '12',
      cost_uj: priced ? '0' : text,
      ...{ resource_entries: '0', resource_cpu_us: '0', resource_gpu_us: '0' },
      reasons: priced ? [] : ['no tariff'],
    },
  }
}

const COUNTED = [
  ...(['energy_uj', 'active_uj', 'idle_uj', 'unattributed_uj', 'cpu_us'] as const),
  ...(['gpu_us', 'gpu_reserved_idle_us'] as const),
  ...(['unknown_error_uj', 'over_busy_uj'] as const),
] as const
const PRICED = [
  'energy_error_uj',
  'carbon_operational_ug',
  'carbon_embodied_ug',
  'cost_energy_nano',
  'cost_resource_nano',
] as const

function totalOf(rows: readonly UsageRow[]): UsageRow {
  const first = rows[0]!
  const counted = Object.fromEntries(
    COUNTED.map(name => [name, rows.reduce((sum, row) => sum + BigInt(row[name]), 0n).toString()]),
  ) as Pick<UsageRow, (typeof COUNTED)[number]>
  const priced = Object.fromEntries(
    PRICED.map(name => {
      const known = rows.map(row => row[name]).filter(value => value !== null)
      const sum = known.reduce((total, value) => total + BigInt(value), 0n)
      return [name, known.length === 0 ? null : sum.toString()]
    }),
  ) as Pick<UsageRow, (typeof PRICED)[number]>
  const unpriced = rows.reduce((sum, row) => sum + BigInt(row.unpriced.cost_uj), 0n)
  return {
    ...first,
    group: {},
    ...counted,
    ...priced,
    unpriced: { ...first.unpriced, cost_uj: unpriced.toString() },
  }
}

const OPERATIONS = [
  ['checkout-api', 'POST /orders', 143.2, 14, 0],
  ['recommender', 'GET /recommendations/{user}', 48.6, 6, 0],
  ['checkout-api', 'GET /cart', 12.9, 4, 0],
  ['checkout-api', 'POST /orders', 5_020, 12, 2],
  ['thumbnailer', 'resize image', 820.4, 3, 0],
  ['wattline', 'store insert', 31.7, 2, 0],
  ['checkout-api', 'GET /healthz', 0.42, 1, 0],
  ['recommender', 'refresh model', 2_310, 9, 0],
] as const

export function tracesAnswer(nowMs: number): RecentTracesAnswer {
  return {
    traces: OPERATIONS.map(([service, name, duration, spans, errors], index) => ({
      trace_id: (0x4bf92f3577b34da6n * BigInt(index + 1)).toString(16).padStart(32, 'a').slice(0, 32),
      start: new Date(nowMs - 2_000 - index * 3_700).toISOString(),
      duration_ms: duration,
      root_service: service,
      root_name: name,
      spans,
      errors,
    })),
  }
}

/** A request through four services with one failed call. */
export function traceAnswer(traceId: string): TraceAnswer {
  const start = 1_795_258_800_000_000_000n
  const span = (
    id: string,
    parent: string,
    service: string,
    name: string,
    fromUs: number,
    lengthUs: number,
    status = 'Unset',
  ): TraceAnswer['spans'][number] => ({
    span_id: id,
    parent_span_id: parent,
    service,
    name,
    kind: parent === '' ? 'Server' : 'Client',
    start_unix_nano: (start + BigInt(fromUs) * 1_000n).toString(),
    duration_nano: (BigInt(lengthUs) * 1_000n).toString(),
    status,
    status_message: status === 'Error' ? 'card declined' : '',
    attributes: { 'http.request.method': 'POST', 'server.address': service },
  })
  return {
    trace_id: traceId,
    spans: [
      span('a1', '', 'checkout-api', 'POST /orders', 0, 143_200),
      span('a2', 'a1', 'checkout-api', 'validate cart', 1_200, 8_400),
      span('a3', 'a1', 'redis', 'GET cart:4711', 2_000, 900),
      span('a4', 'a1', 'postgres-primary', 'SELECT stock', 11_000, 21_300),
      span('a5', 'a1', 'payments', 'POST /charge', 34_000, 82_000, 'Error'),
      span('a6', 'a5', 'payments', 'fraud check', 36_000, 44_000),
      span('a7', 'a6', 'recommender', 'score', 38_500, 39_000),
      span('a8', 'a1', 'postgres-primary', 'INSERT order', 117_000, 19_000),
      span('a9', 'a1', 'otel-gateway', 'publish order.created', 137_000, 4_100),
    ],
    energy: {
      energy_uj: '1834500',
      carbon_operational_ug: '152',
      carbon_embodied_ug: '61',
      costs: [{ currency: 'EUR', energy_nano: '127', resource_nano: '2410' }],
      rows: [],
      unknown: { a3: 'no_workload' },
      spans_uj: {
        a1: '412000',
        a2: '88000',
        a4: '201500',
        a5: '610000',
        a6: '93000',
        a7: '355000',
        a8: '52000',
        a9: '23000',
      },
    },
  }
}

export function statusAnswer(problems: readonly string[] = []): StatusAnswer {
  return {
    version: '0.1.0',
    started: '2026-11-21T09:00:00Z',
    roles: ['collector', 'processors', 'query'],
    tenant: 'default',
    otlp_http: 'http://127.0.0.1:14318',
    otlp_grpc: 'http://127.0.0.1:14317',
    problems,
  }
}

const costsOf = ({ cost_energy_nano, cost_resource_nano }: UsageRow): UsageAnswer['costs'] =>
  cost_energy_nano === null && cost_resource_nano === null
    ? []
    : [{ currency: 'EUR', cost_energy_nano, cost_resource_nano }]

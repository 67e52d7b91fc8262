import { hash } from 'node:crypto'
import { added, column, type RowOf, type StreamDeclaration } from './stream.ts'

/** What `meter` knows of one window, host, workload, component and share. */
export const METERED = [
  column('Tenant', 'lowCardinality'),
  column('Host', 'lowCardinality'),
  column('HostName', 'lowCardinality'),
  column('WindowStart', 'seconds', 'Delta(4), ZSTD(1)'),
  column('WorkloadKind', 'lowCardinality'),
  column('WorkloadId', 'lowCardinality'),
  column('WorkloadName', 'lowCardinality'),
  column('Namespace', 'lowCardinality'),
  // cpu | dram | gpu | other | host
  column('Component', 'lowCardinality'),
  // active | idle | unattributed | skew
  column('Share', 'lowCardinality'),
  column('EnergyUj', 'int64'),
  column('CpuUs', 'int64'),
  column('MemoryByteSeconds', 'int64'),
  column('GpuUs', 'int64'),
  column('Coverage', 'float32'),
  // measured | interpolated | estimated | simulated | none: use is known, energy is not (EnergyUj 0, unpriced)
  column('EnergyQuality', 'lowCardinality'),
  column('EnergySource', 'lowCardinality'),
  // ratio | baseline | none: nothing tells idle from active, all is unattributed.
  // GPUs also have `idle_unknown`: the board was never seen without processes, so all of its energy is active while it is held.
  // With `+over_busy`: workloads showed more CPU time than the host was busy, and share what was active.
  column('Method', 'lowCardinality'),
  // none | by_request | by_usage
  column('IdlePolicy', 'lowCardinality'),
  // host | components: what the meters of this host enclose
  column('Boundary', 'lowCardinality'),
  column('Labels', 'stringMap'),
  // The host's CPU capacity in the window: the same on each row of it, not to be summed.
  added(column('CapacityUs', 'int64')),
  // Half width of the energy's error band, by what its meters are known for: sums of it are an upper bound. Null: unknown.
  added(column('EnergyErrorUj', 'int64?')),
  // Workloads showed more CPU time than the host was busy, and share what was active (Method ends in `+over_busy`, too).
  added(column('OverBusy', 'bool')),
  // What the workload had reserved, as time and byte-seconds, like its use beside it: on the same rows.
  added(column('CpuRequestUs', 'int64')),
  added(column('MemoryRequestByteSeconds', 'int64')),
  added(column('GpuRequestUs', 'int64')),
  // Of shared idle energy: all idle energy of the host, window and component, and how much of it precedes this share in the
  // order of workloads. 0 where it is not shared. By these carbon and cost are shared without a rest (core/model/shared-part.ts).
  added(column('IdleSharedUj', 'int64')),
  added(column('IdleBeforeUj', 'int64')),
  // Time of GPUs that the workload had reserved (held open, or requested) without using it. With GpuUs it sums to the reserved time.
  added(column('GpuReservedIdleUs', 'int64')),
  // Time of all GPUs of the host in the window, on rows of component gpu: the same on each, not to be summed.
  added(column('GpuCapacityUs', 'int64')),
  // Idle power of each GPU by which its energy was split, as `gpu-<uuid>=<mW>`, separated by spaces; '' where it was not known.
  added(column('GpuIdlePower', 'lowCardinality')),
] as const

/** Energy per workload and window: `meter` writes it, `rate` reads it. It lives in the log only: the ledger holds it all. */
export const energy = {
  name: 'energy',
  key: 'host',
  // Zone: grid zone of the host, as its readings say; '' where they do not.
  columns: [...METERED, added(column('Zone', 'lowCardinality'))],
} as const satisfies StreamDeclaration

/**
 * A sum of the ledger's integers as SQL, 128 bits wide: the engine's sum of Int64 wraps around in silence, and 10,000 hosts of
 * 300 W come to 2^63 µJ in 36 days, their memory to 2^63 byte-seconds in an hour.
 */
export const exactSum = (column: string, condition?: string): string =>
  condition === undefined ? `sum(toInt128(${column}))` : `sumIf(toInt128(${column}), ${condition})`

/** What an hour or a day sums: column name in `usage_hourly` and `usage_daily`, and its expression over entries. */
export const ROLLUP_SUMS = [
  { name: 'EnergyUj', expression: exactSum('EnergyUj') },
  { name: 'CpuUs', expression: exactSum('CpuUs') },
  { name: 'MemoryByteSeconds', expression: exactSum('MemoryByteSeconds') },
  { name: 'GpuUs', expression: exactSum('GpuUs') },
  { name: 'GpuReservedIdleUs', expression: exactSum('GpuReservedIdleUs') },
  { name: 'CarbonOperationalUg', expression: exactSum('CarbonOperationalUg') },
  { name: 'CarbonEmbodiedUg', expression: exactSum('CarbonEmbodiedUg') },
  { name: 'CostEnergyNano', expression: exactSum('CostEnergyNano') },
  { name: 'CostResourceNano', expression: exactSum('CostResourceNano') },
  { name: 'UnpricedCarbonEntries', expression: 'countIf(CarbonOperationalUg IS NULL)' },
  { name: 'UnpricedCostEntries', expression: 'countIf(CostEnergyNano IS NULL)' },
  { name: 'UnpricedCarbonUj', expression: exactSum('EnergyUj', 'CarbonOperationalUg IS NULL') },
  { name: 'UnpricedCostUj', expression: exactSum('EnergyUj', 'CostEnergyNano IS NULL') },
  { name: 'EnergyErrorUj', expression: exactSum('EnergyErrorUj') },
  { name: 'UnknownErrorUj', expression: exactSum('EnergyUj', 'EnergyErrorUj IS NULL') },
  { name: 'OverBusyUj', expression: exactSum('EnergyUj', 'OverBusy') },
  { name: 'CoverageSum', expression: 'sum(Coverage)' },
  { name: 'Entries', expression: 'count()' },
] as const

const SUMS = ROLLUP_SUMS.map(sum => sum.expression).join(', ')

/** Columns that the views of hours and days are grouped by; their projections hold `Reason` as well. */
export const ROLLUP_KEYS = [
  'Tenant',
  'Account',
  'Zone',
  'Host',
  'WorkloadKind',
  'WorkloadId',
  'WorkloadName',
  'Namespace',
  'Component',
  'Share',
  'EnergyQuality',
  'IntensityKind',
  'Currency',
  'IdlePolicy',
] as const

type RollupKey = (typeof ROLLUP_KEYS)[number]

/** Start of the unit that an entry belongs to (UTC): questions and projections share the text, so that they match. */
export const LEDGER_BUCKETS = {
  minute: 'WindowStart',
  hour: 'toStartOfHour(WindowStart)',
  day: 'toStartOfDay(WindowStart)',
  month: 'toStartOfMonth(WindowStart)',
} as const

/** Keys that only questions about single hosts and workloads need: without them a sum has a hundredth of the rows. */
const OF_WORKLOADS: readonly RollupKey[] = ['Host', 'WorkloadId', 'WorkloadName']

/**
 * A projection is sorted by its keys in this order: a tenant's days lie together, whoever else is in the books. Its name ends in
 * a digest of its text: an older table gets it again when it sums more (core/warehouse/migration).
 */
function rollup(
  name: string,
  unit: keyof typeof LEDGER_BUCKETS,
  {
    without = [],
    and = [],
  }: { readonly without?: readonly RollupKey[]; readonly and?: readonly string[] } = {},
): string {
  const others = ROLLUP_KEYS.filter(key => key !== 'Tenant' && !without.includes(key))
  const keys = ['Tenant', LEDGER_BUCKETS[unit], ...others, 'Reason', ...and].join(', ')
  const text = `(SELECT ${keys}, ${SUMS} GROUP BY ${keys})`
  return `${name}_${hash('sha256', text, 'hex').slice(0, 8)} ${text}`
}

/**
 * The books. Append-only: the sum over all entries of a key is the truth at any time. EntryId is derived from the key
 * alone (and from losses of the log), so that a replay writes the same entry. Quantities that could not be priced are NULL with a Reason, never 0.
 */
export const ledger = {
  name: 'ledger',
  key: 'host',
  columns: [
    ...METERED,
    column('Account', 'lowCardinality'),
    column('Zone', 'lowCardinality'),
    column('CarbonOperationalUg', 'int64?'),
    column('CarbonEmbodiedUg', 'int64?'),
    column('CostEnergyNano', 'int64?'),
    column('CostResourceNano', 'int64?'),
    column('Currency', 'lowCardinality'),
    column('IntensityVersion', 'lowCardinality'),
    // average | marginal | '' when unpriced
    column('IntensityKind', 'lowCardinality'),
    // forecast | estimated | final | '' when unpriced, and in entries of before it was kept
    column('IntensityState', 'lowCardinality'),
    // exact decimal as text
    column('Pue', 'lowCardinality'),
    // default (`factors.pue`) | site (`sites`) | series (values by time)
    added(column('PueSource', 'lowCardinality')),
    // row of table pue_factors
    added(column('PueVersion', 'lowCardinality')),
    // row of table embodied_factors; '' where no emissions of the host are known
    added(column('EmbodiedVersion', 'lowCardinality')),
    column('TariffVersion', 'lowCardinality'),
    // original | correction
    column('EntryKind', 'lowCardinality'),
    column('Revision', 'uint32'),
    column('EntryId', 'string'),
    // no_energy, no_intensity, no_tariff, other_currency (of resources): joined by commas; '' when all is priced that has a factor
    column('Reason', 'lowCardinality'),
    // Why there is a correction: intensity_revised, late_readings, factors_revised, recomputed; '' in originals
    column('CorrectionReason', 'lowCardinality'),
  ],
  table: {
    name: 'ledger',
    partitionBy: 'toYYYYMM(WindowStart)',
    orderBy: ['Tenant', 'Account', 'Host', 'WorkloadKind', 'WorkloadId', 'WindowStart'],
    projections: [
      // Bills and overviews do not ask for single workloads. First: of two that fit as well the engine takes the first.
      rollup('accounts_by_month', 'month', { without: OF_WORKLOADS }),
      // Bills have a line for each price, and their months begin at an hour of their time zone.
      rollup('bills_by_day', 'day', { without: OF_WORKLOADS, and: ['TariffVersion'] }),
      rollup('workloads_by_hour', 'hour'),
      rollup('workloads_by_day', 'day'),
      // Where a window begins or ends within an hour. Entries lie by workload: a few minutes of all are a bit of every granule.
      rollup('bills_by_minute', 'minute', { without: OF_WORKLOADS, and: ['TariffVersion'] }),
    ],
    replacedProjections: [
      // Sums of 64 bits; sums that do not tell prices apart; names that do not tell what is summed.
      ...['by_hour', 'by_day', 'accounts_by_day', 'accounts_by_minute'],
      ...['accounts_by_month', 'bills_by_day', 'workloads_by_hour', 'workloads_by_day', 'bills_by_minute'],
    ],
    ttlFrom: 'WindowStart',
    retention: 'ledger',
    fsync: true,
  },
} as const satisfies StreamDeclaration

/** A row that `meter` writes and `rate` reads: energy in µJ of one window, host, workload, component and share. */
export type EnergyRow = RowOf<typeof energy>

/** An energy row with what `rate` adds: account, carbon in µg, cost in billionths of the currency. */
export type LedgerRow = RowOf<typeof ledger>

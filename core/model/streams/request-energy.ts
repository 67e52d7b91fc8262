import { column, type StreamDeclaration } from './stream.ts'

/** Why amounts of a row of `request_energy` are null, or who has no spans; beside the reasons of the ledger's entries. */
export const REQUEST_REASONS = {
  /** Energy of a workload in a minute in which none of its spans ran. */
  noSpan: 'no_span',
  /** Spans whose resource names no workload that the ledger has in the minute. */
  noWorkload: 'no_workload',
  /** Spans whose resource fits several workloads. */
  ambiguousWorkload: 'ambiguous_workload',
} as const

/** What a row of `request_energy` is about; rows with these in common are of one thing, and their amounts sum. */
export const REQUEST_KEYS = [
  column('Tenant', 'lowCardinality'),
  column('WindowStart', 'seconds', 'Delta(4), ZSTD(1)'),
  column('Account', 'lowCardinality'),
  // ServiceName and SpanName of the spans; '' where no span ran
  column('Service', 'lowCardinality'),
  column('Operation', 'lowCardinality'),
  column('SpanKind', 'lowCardinality'),
  column('Host', 'lowCardinality'),
  column('WorkloadKind', 'lowCardinality'),
  column('WorkloadId', 'lowCardinality'),
  column('WorkloadName', 'lowCardinality'),
  column('Namespace', 'lowCardinality'),
  // Rule by which the spans were found to be of the workload (docs/requests.md); '' without spans or workload
  column('Match', 'lowCardinality'),
  // '' where rows are of all traces that are not kept by themselves, of unmatched spans and of no span
  column('TraceId', 'string'),
  // gen_ai.response.model, else gen_ai.request.model
  column('Model', 'lowCardinality'),
  // Where the model of its tokens runs. served: in this workload; remote: somewhere without spans; '' no tokens
  column('ModelPlace', 'lowCardinality'),
  column('Currency', 'lowCardinality'),
  column('IntensityKind', 'lowCardinality'),
  // The weakest that went into it
  column('EnergyQuality', 'lowCardinality'),
  column('Reason', 'lowCardinality'),
] as const

/** Amounts that are known for every row. */
export const REQUEST_COUNTS = [
  // Spans that ran in the minute: one over three minutes counts in each
  column('Spans', 'int64'),
  // Spans begun in the minute that enter a service: of kind server or consumer, or without a parent
  column('Requests', 'int64'),
  // Spans begun in the minute without a parent
  column('Traces', 'int64'),
  // ns within the minute, less what children covered
  column('SelfTimeNs', 'int64'),
  column('InputTokens', 'int64'),
  column('OutputTokens', 'int64'),
] as const

/** Shares of the ledger's amounts; null: not known, for the reasons in Reason. */
export const REQUEST_AMOUNTS = [
  column('EnergyUj', 'int64?'),
  column('CarbonOperationalUg', 'int64?'),
  column('CarbonEmbodiedUg', 'int64?'),
  column('CostEnergyNano', 'int64?'),
  column('CostResourceNano', 'int64?'),
] as const

/** Sums of the projection by minute: all 128 bits wide, null where no row is known. */
export const requestSum = (name: string): string => `sum(toInt128(${name}))`

/** Columns that overviews are grouped by: all but single traces and workloads. */
const OVERVIEW = REQUEST_KEYS.map(({ name }) => name as string).filter(
  name => !['Host', 'WorkloadId', 'WorkloadName', 'Match', 'TraceId'].includes(name),
)
const SUMS = [...REQUEST_COUNTS, ...REQUEST_AMOUNTS].map(({ name }) => requestSum(name))

/**
 * Energy, carbon and cost of workloads in minutes, shared over the spans that ran there. Append-only: the sum over all
 * entries of a key is the truth at any time, and sums by workload and minute are those of the ledger.
 */
export const requestEnergy = {
  name: 'request_energy',
  key: 'none',
  columns: [
    ...REQUEST_KEYS,
    ...REQUEST_COUNTS,
    ...REQUEST_AMOUNTS,
    // original | correction: spans or entries of the ledger came after the minute had been shared
    column('EntryKind', 'lowCardinality'),
    column('Revision', 'uint32'),
  ],
  table: {
    name: 'request_energy',
    partitionBy: 'toDate(WindowStart)',
    orderBy: ['Tenant', 'WindowStart', 'Service', 'Operation', 'WorkloadId', 'TraceId'],
    projections: [
      `operations_by_minute (SELECT ${[...OVERVIEW, ...SUMS].join(', ')} GROUP BY ${OVERVIEW.join(', ')})`,
    ],
    ttlFrom: 'WindowStart',
    retention: 'requests',
  },
} as const satisfies StreamDeclaration

/**
 * Minutes that were shared, and what was there: a minute is shared again once its spans or its entries are other ones. A
 * row each time; the last revision is the one that holds.
 */
export const requestMinutes = {
  name: 'request_minutes',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('WindowStart', 'seconds', 'Delta(4), ZSTD(1)'),
    column('Revision', 'uint32'),
    // Rows of otel_traces that ran in the minute, those repeated included
    column('SpanRows', 'int64'),
    // Entries of workloads
    column('LedgerEntries', 'int64'),
  ],
  table: {
    name: 'request_minutes',
    partitionBy: 'toYYYYMM(WindowStart)',
    orderBy: ['Tenant', 'WindowStart'],
    ttlFrom: 'WindowStart',
    retention: 'requests',
  },
} as const satisfies StreamDeclaration

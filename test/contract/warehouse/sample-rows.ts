import { encodeRows } from '../../../core/columns/rows.ts'
import { ledger, traces } from '../../../core/model/streams/index.ts'
import { column, list, type RowOf, type StreamDeclaration } from '../../../core/model/streams/stream.ts'

/** Rows for testing the contract; columns that a test does not use have a fixed value. */
export const DAY_S = 86_400
/** 2026-11-01T00:00:00Z */
export const MONTH_START_S = 1_793_491_200

export const span = (over: Partial<RowOf<typeof traces>> = {}): RowOf<typeof traces> => ({
  Tenant: 'a',
  Timestamp: BigInt(MONTH_START_S) * 1_000_000_000n,
  TraceId: '0af7651916cd43dd8448eb211c80319c',
  SpanId: 'b7ad6b7169203331',
  ParentSpanId: '',
  TraceState: '',
  SpanName: 'GET /',
  SpanKind: 'Server',
  ServiceName: 'shop',
  ResourceAttributes: {},
  ScopeName: '',
  ScopeVersion: '',
  SpanAttributes: {},
  Duration: 1n,
  StatusCode: 'Unset',
  StatusMessage: '',
  DroppedAttributesCount: 0,
  AttributeTypes: '',
  'Events.Timestamp': [],
  'Events.Name': [],
  'Events.Attributes': [],
  'Links.TraceId': [],
  'Links.SpanId': [],
  'Links.TraceState': [],
  'Links.Attributes': [],
  ...over,
})

/** Spans over three days (partitions), alternating between two tenants. */
export const spans = (count: number, name = 'GET /'): Uint8Array =>
  encodeRows(
    traces,
    Array.from({ length: count }, (_, index) =>
      span({
        Tenant: index % 2 === 0 ? 'a' : 'b',
        SpanName: name,
        SpanId: index.toString(16).padStart(16, '0'),
        TraceId: (index + 1).toString(16).padStart(32, '0'),
        Timestamp: BigInt(MONTH_START_S + (index % 3) * DAY_S) * 1_000_000_000n,
      }),
    ),
  )

export const ledgerEntry = (over: Partial<RowOf<typeof ledger>> = {}): RowOf<typeof ledger> => ({
  Tenant: 'a',
  Host: 'h1',
  HostName: 'host-1',
  WindowStart: MONTH_START_S,
  WorkloadKind: 'systemd',
  WorkloadId: 'ssh.service',
  WorkloadName: 'ssh',
  Namespace: '',
  Component: 'cpu',
  Share: 'active',
  EnergyUj: 1n,
  CpuUs: 1n,
  MemoryByteSeconds: 0n,
  GpuUs: 0n,
  Coverage: 1,
  EnergyQuality: 'measured',
  EnergySource: 'rapl',
  Method: 'ratio',
  IdlePolicy: 'none',
  Boundary: 'components',
  Labels: {},
  CapacityUs: 0n,
  EnergyErrorUj: null,
  OverBusy: false,
  CpuRequestUs: 0n,
  MemoryRequestByteSeconds: 0n,
  GpuRequestUs: 0n,
  IdleSharedUj: 0n,
  IdleBeforeUj: 0n,
  GpuReservedIdleUs: 0n,
  GpuCapacityUs: 0n,
  GpuIdlePower: '',
  Account: 'default',
  Zone: 'WORLD',
  CarbonOperationalUg: 1n,
  CarbonEmbodiedUg: null,
  CostEnergyNano: null,
  CostResourceNano: null,
  Currency: 'EUR',
  IntensityVersion: 'v1',
  IntensityState: 'final',
  IntensityKind: 'average',
  Pue: '1',
  PueSource: 'default',
  PueVersion: 'config:1.2:0a1b2c3d',
  EmbodiedVersion: 'config:1200:0a1b2c3d',
  TariffVersion: '',
  EntryKind: 'original',
  Revision: 0,
  EntryId: 'e',
  Reason: '',
  CorrectionReason: '',
  ...over,
})

/** Entries a minute apart around the end of a month: two partitions, several hours and days. */
export const ledgerEntries = (count: number, seed: number, accounts = ['default']): Uint8Array =>
  encodeRows(
    ledger,
    Array.from({ length: count }, (_, index) =>
      ledgerEntry({
        Tenant: index % 2 === 0 ? 'a' : 'b',
        Account: accounts[index % accounts.length]!,
        WindowStart: MONTH_START_S + (index - (count >> 1)) * 60,
        EnergyUj: BigInt(seed) * 1_000_003n + BigInt(index) * 7n,
        CostEnergyNano: index % 5 === 0 ? null : BigInt(index),
        EntryId: `${seed}-${index}`,
      }),
    ),
  )

/** One column of each kind, plain and in lists. */
export const kinds = {
  name: 'kinds',
  key: 'none',
  columns: [
    column('Seq', 'uint32'),
    column('Time', 'seconds'),
    column('Text', 'string'),
    column('Word', 'lowCardinality'),
    column('Map', 'stringMap'),
    column('Trace', 'traceId'),
    column('Span', 'spanId'),
    column('Stamp', 'timestampNs'),
    column('Signed', 'int64'),
    column('Maybe', 'int64?'),
    column('Unsigned', 'uint64'),
    column('Small', 'int32'),
    column('Byte', 'uint8'),
    column('Flag', 'bool'),
    column('Single', 'float32'),
    column('Double', 'float64'),
    list('Part.Text', 'string'),
    list('Part.Word', 'lowCardinality'),
    list('Part.Map', 'stringMap'),
    list('Part.Trace', 'traceId'),
    list('Part.Span', 'spanId'),
    list('Part.Stamp', 'timestampNs'),
    list('Part.Unsigned', 'uint64'),
    list('Part.Double', 'float64'),
  ],
  table: {
    name: 'kinds',
    partitionBy: 'tuple()',
    orderBy: ['Seq'],
    ttlFrom: 'Time',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration

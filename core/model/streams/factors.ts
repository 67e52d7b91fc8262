import { column, list, type StreamDeclaration } from './stream.ts'

/**
 * The factors that ledger entries name in `IntensityVersion`, `TariffVersion`, `PueVersion` and `EmbodiedVersion`, for people who ask by SQL. Few rows,
 * every version kept.
 */
const factor = [
  // 1970 when it holds for all times before, too
  column('ValidFrom', 'seconds'),
  // null: still in force
  { name: 'ValidTo', kind: 'int64?', stored: "Nullable(DateTime('UTC'))" },
  // exact decimal as text, as the rating used it
  column('Value', 'string'),
  column('Unit', 'lowCardinality'),
  column('Kind', 'lowCardinality'),
  // forecast | estimated | final
  column('State', 'lowCardinality'),
  column('Source', 'string'),
  column('Version', 'lowCardinality'),
] as const

const reference = (name: string, orderBy: readonly string[]) =>
  ({
    name,
    engine: 'ReplacingMergeTree',
    partitionBy: 'tuple()',
    orderBy,
    ttlFrom: 'ValidFrom',
    retention: 'forever',
  }) as const

/** Carbon intensity of the grid by zone: the same for every tenant. Kind: average | marginal. */
export const gridIntensity = {
  name: 'grid_intensity',
  key: 'none',
  columns: [column('Zone', 'lowCardinality'), ...factor],
  table: reference('grid_intensity', ['Zone', 'Kind', 'ValidFrom', 'Version']),
} as const satisfies StreamDeclaration

/**
 * Prices: a tenant's own, or of all tenants where Tenant is empty; of all accounts and zones where these are empty. Kind: energy |
 * vcpu_hour | gib_hour | gpu_hour | host_hour | spot (the market's price in the bidding zone `Zone`) | whole (the price list itself,
 * its terms in `Terms`: what an entry names whose minute no energy price covers). Entries name several versions joined by `+` where
 * their prices come from several.
 */
export const tariffs = {
  name: 'tariffs',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    column('Zone', 'lowCardinality'),
    column('Currency', 'lowCardinality'),
    ...factor,
    // Name of the price list; '' for spot prices
    column('Name', 'lowCardinality'),
    // Account that pays, `*` as wildcard; '' for all
    column('AccountPattern', 'lowCardinality'),
    // JSON in rows of kind whole; '' in all others
    column('Terms', 'string'),
  ],
  table: reference('tariffs', ['Tenant', 'Zone', 'Kind', 'ValidFrom', 'Version']),
} as const satisfies StreamDeclaration

/** PUE by site or zone and time: the one of the two that is empty says nothing. Kind: pue. The same for every tenant. */
export const pueFactors = {
  name: 'pue_factors',
  key: 'none',
  columns: [column('Site', 'lowCardinality'), column('Zone', 'lowCardinality'), ...factor],
  table: reference('pue_factors', ['Site', 'Zone', 'ValidFrom', 'Version']),
} as const satisfies StreamDeclaration

/** Embodied emissions of hosts by type. Value: kgCO2e of one machine without GPUs. The same for every tenant. */
export const embodiedFactors = {
  name: 'embodied_factors',
  key: 'none',
  columns: [
    column('HostType', 'lowCardinality'),
    // Names or ids of hosts, `*` as wildcard
    list('Hosts', 'string'),
    ...factor,
    // Lifespan, exact decimal
    column('Years', 'lowCardinality'),
    column('GpuCount', 'uint32'),
    // kgCO2e of one GPU, exact decimal; '' without GPUs
    column('GpuValue', 'lowCardinality'),
  ],
  table: reference('embodied_factors', ['HostType', 'ValidFrom', 'Version']),
} as const satisfies StreamDeclaration

/**
 * Factors as they become known. A record is rows of one of its tables: all that its key stands for. Keys are made by
 * `factorKey`. The log keeps the newest record of each, the tables every version that there ever was.
 */
export const factors = {
  name: 'factors',
  key: 'none',
  columns: [],
  compacted: true,
  holds: [gridIntensity, tariffs, pueFactors, embodiedFactors],
} as const satisfies StreamDeclaration

/** For all zones, or all tenants. */
export const EVERY = '*'

/** Key of a record: its table, then what tells its rows from others of the table: `grid_intensity/average/DE`. */
export const factorKey = (table: StreamDeclaration, ...parts: readonly string[]): string =>
  [table.name, ...parts].join('/')

/** The table that a record's rows are of; undefined for an unknown key. */
export const factorTable = (key: string | undefined): (typeof factors.holds)[number] | undefined =>
  factors.holds.find(({ name }) => key?.startsWith(`${name}/`))

/** Header of a record: a digest of its versions, which tells whether a record would change anything. */
export const FACTOR_VERSIONS = 'versions'

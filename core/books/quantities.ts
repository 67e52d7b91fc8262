/** Meaning of a value: the total so far, or the current amount. */
type InstrumentKind = 'counter' | 'gauge'

interface QuantityDeclaration {
  /** Its base unit in UCUM: joule, watt, second, byte, or a plain number. */
  readonly base: 'J' | 'W' | 's' | 'By' | '1'
  /** Integer steps of a reading per base unit. */
  readonly perBase: bigint
  readonly aggregation: InstrumentKind
}

/** Quantities of stream `readings`. */
export const QUANTITIES = {
  /** µJ. */
  energy: { base: 'J', perBase: 1_000_000n, aggregation: 'counter' },
  /** µJ, as split by the exporter itself. */
  energy_active: { base: 'J', perBase: 1_000_000n, aggregation: 'counter' },
  energy_idle: { base: 'J', perBase: 1_000_000n, aggregation: 'counter' },
  /** mW. */
  power: { base: 'W', perBase: 1_000n, aggregation: 'gauge' },
  /** µs. */
  cpu_time: { base: 's', perBase: 1_000_000n, aggregation: 'counter' },
  gpu_time: { base: 's', perBase: 1_000_000n, aggregation: 'counter' },
  /** Millionths of a board or instance that was active: the same as `gpu_time`, from sources that only know a rate. */
  gpu_utilization: { base: '1', perBase: 1_000_000n, aggregation: 'gauge' },
  /** Thousandths of a board or instance that processes hold open; 0 for the board itself if none does. See gpu-places.ts. */
  gpu_held: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
  /** Bytes on the board, and millionths of the time in which its memory was read or written; not metered. */
  gpu_memory: { base: 'By', perBase: 1n, aggregation: 'gauge' },
  gpu_memory_utilization: { base: '1', perBase: 1_000_000n, aggregation: 'gauge' },
  /** µs runnable but not running. */
  cpu_wait: { base: 's', perBase: 1_000_000n, aggregation: 'counter' },
  /** µs that a pod waited for its queue, for a node, for its first container. */
  sched_latency: { base: 's', perBase: 1_000_000n, aggregation: 'counter' },
  /** Bytes. */
  memory: { base: 'By', perBase: 1n, aggregation: 'gauge' },
  /** Reserved bytes, and thousandths of a core or board. */
  memory_request: { base: 'By', perBase: 1n, aggregation: 'gauge' },
  cpu_request: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
  gpu_request: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
  /** No measurement: the reading says by its attributes and names who a workload or host is; its value is 1. */
  identity: { base: '1', perBase: 1n, aggregation: 'gauge' },
  /** Bytes received or sent. */
  network_io: { base: 'By', perBase: 1n, aggregation: 'counter' },
  /** The same of what a node can give to pods. */
  memory_allocatable: { base: 'By', perBase: 1n, aggregation: 'gauge' },
  cpu_allocatable: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
  gpu_allocatable: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
} as const satisfies Readonly<Record<string, QuantityDeclaration>>

/** What a reading measures. */
export type Quantity = keyof typeof QUANTITIES

/** Whether values are totals so far, not current amounts. */
export const isCounter = (quantity: Quantity): boolean => QUANTITIES[quantity].aggregation === 'counter'

/** Meaning of a value: the total so far, or the current amount. */
type Aggregation = 'counter' | 'gauge'

interface QuantityDeclaration {
  /** Its base unit in UCUM: joule, watt, second, byte, or a plain number. */
  readonly base: 'J' | 'W' | 's' | 'By' | '1'
  /** Integer steps of a reading per base unit. */
  readonly perBase: bigint
  readonly aggregation: Aggregation
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
  /** µs runnable but not running. */
  cpu_wait: { base: 's', perBase: 1_000_000n, aggregation: 'counter' },
  /** Bytes. */
  memory: { base: 'By', perBase: 1n, aggregation: 'gauge' },
  /** Reserved bytes, and thousandths of a core or board. */
  memory_request: { base: 'By', perBase: 1n, aggregation: 'gauge' },
  cpu_request: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
  gpu_request: { base: '1', perBase: 1_000n, aggregation: 'gauge' },
} as const satisfies Readonly<Record<string, QuantityDeclaration>>

/** What a reading measures. */
export type Quantity = keyof typeof QUANTITIES

/** Whether values are totals so far, not current amounts. */
export const isCounter = (quantity: Quantity): boolean => QUANTITIES[quantity].aggregation === 'counter'

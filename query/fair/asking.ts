/** Which tenants ask of late: a tenant that is alone may use the whole machine. */
export interface Asking {
  asks(tenant: string): void
  /** Whether anybody but this tenant has asked of late. */
  othersThan(tenant: string): boolean
}

/** A tenant that asked so recently still counts as one that asks: a page asks every 5 s. */
const ASKS_MS = 10_000

/** `now`: monotonic milliseconds. */
export function createAsking(now: () => number): Asking {
  // The last two who asked are enough to know.
  let last = { tenant: '', atMs: Number.NEGATIVE_INFINITY }
  let before = last
  return {
    asks(tenant) {
      if (tenant !== last.tenant) before = last
      last = { tenant, atMs: now() }
    },
    othersThan(tenant) {
      const other = last.tenant === tenant ? before : last
      return now() - other.atMs < ASKS_MS
    },
  }
}

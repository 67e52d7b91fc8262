/** Shares the engine between tenants, and between client SQL and Wattline's own queries. */
import { availableParallelism } from 'node:os'
import { createAsking } from './asking.ts'
import { createTenantLoad } from './tenant-load.ts'
import { createTurns, type Standing, type Turns } from './turns.ts'

export interface Fairness {
  /** For client SQL. */
  readonly sql: Turns
  /** For Wattline's own queries (usage, live, traces, quarantine): client SQL can never use these. */
  readonly own: Turns
  /** For PromQL: one for each thread that evaluates. */
  readonly promql: Turns
}

/** Concurrent turns; each occupies a thread and a session of the embedded engine while it works. */
const SQL_TURNS = 16
const OWN_TURNS = 8
/** A page sends several queries at a time, and a tenant has several viewers. */
const OWN_OPEN = 4

/** Threads that evaluate PromQL, beside everything else that a process does: two at least, never all cores of many. */
export const evaluatingThreads = (cores = availableParallelism()): number =>
  Math.min(8, Math.max(2, cores - 1))

/** Turns for one process, sized by its cores. Turns of an embedded engine leave a core to other tenants. */
export function createFairness(options: {
  /** `limits.sql.concurrent` */
  readonly concurrent: number
  /** The engine is in this process and uses its cores. */
  readonly isEmbedded: boolean
  /** `limits.promql.concurrent`; default `concurrent`. */
  readonly promqlConcurrent?: number
  readonly cores?: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}): Fairness {
  const { concurrent, isEmbedded, cores = availableParallelism(), now = () => performance.now() } = options
  const threads = evaluatingThreads(cores)
  const shared = { load: createTenantLoad(now), asking: createAsking(now), now }
  // Next to another tenant, one core is always left to that one. A server shares its own cores.
  const most = Math.min(concurrent, SQL_TURNS / 2)
  const turnsOfTenant = isEmbedded
    ? { alone: Math.min(most, Math.max(2, cores)), beside: Math.min(most, Math.max(1, cores - 1)) }
    : { alone: most, beside: most }
  return {
    sql: createTurns({ ...shared, turnsOfTenant, turns: SQL_TURNS, openOfTenant: concurrent }),
    own: createTurns({ ...shared, turnsOfTenant, turns: OWN_TURNS, openOfTenant: OWN_OPEN * concurrent }),
    promql: createTurns({
      ...shared,
      turns: threads,
      // Next to another tenant, one thread is always left to that one.
      turnsOfTenant: { alone: threads, beside: Math.max(1, threads - 1) },
      openOfTenant: options.promqlConcurrent ?? concurrent,
    }),
  }
}

const SQL_NICE = [5, 12, 19] as const
const OWN_NICE = [0, 5, 10] as const

/** Priority of a statement in the embedded engine. */
interface Urgency {
  /** Nice value of the statement's threads; it has no effect without CAP_SYS_NICE. */
  readonly nice: number
  /** On one thread, since other tenants have statements too. */
  readonly isNarrow: boolean
}

/** Nice value and width of a statement: tenants that have recently used much of the engine get less. */
export const urgencyOf = (kind: 'sql' | 'own', { rank, isAlone }: Standing): Urgency => ({
  nice: (kind === 'sql' ? SQL_NICE : OWN_NICE)[rank],
  isNarrow: rank > 0 && !isAlone,
})

/** How the engine is shared out: between tenants, and between strangers' SQL and the product's own questions. */
import { availableParallelism } from 'node:os'
import { createAsking } from './asking.ts'
import { createTenantLoad } from './tenant-load.ts'
import { createTurns, type Standing, type Turns } from './turns.ts'

interface Fairness {
  /** Of statements that strangers write. */
  readonly sql: Turns
  /** Of questions of our own (usage, live, traces, quarantine): strangers' SQL can never take these. */
  readonly own: Turns
}

/** At one time; each holds a thread and a session of the embedded engine while it works. */
const SQL_TURNS = 16
const OWN_TURNS = 8
/** A page asks several questions at a time, and a tenant has several viewers. */
const OWN_OPEN = 4

/** Turns for one process, sized by its cores. Turns of an embedded engine leave a core to other tenants. */
export function createFairness(options: {
  /** `limits.sql.concurrent` */
  readonly concurrent: number
  /** The engine is in this process, so that its work takes the cores that this process has. */
  readonly isEmbedded: boolean
  readonly cores?: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}): Fairness {
  const { concurrent, isEmbedded, cores = availableParallelism(), now = () => performance.now() } = options
  const shared = { load: createTenantLoad(now), asking: createAsking(now), now }
  // Beside another tenant one core is always left to that one. A server shares out its own cores.
  const most = Math.min(concurrent, SQL_TURNS / 2)
  const turnsOfTenant = isEmbedded
    ? { alone: Math.min(most, Math.max(2, cores)), beside: Math.min(most, Math.max(1, cores - 1)) }
    : { alone: most, beside: most }
  return {
    sql: createTurns({ ...shared, turnsOfTenant, turns: SQL_TURNS, openOfTenant: concurrent }),
    own: createTurns({ ...shared, turnsOfTenant, turns: OWN_TURNS, openOfTenant: OWN_OPEN * concurrent }),
  }
}

const SQL_NICE = [5, 12, 19] as const
const OWN_NICE = [0, 5, 10] as const

/** How urgent a statement is to the embedded engine. */
interface Urgency {
  /** Nice value of the statement's threads; without CAP_SYS_NICE it has no effect. */
  readonly nice: number
  /** On one thread, since others ask too. */
  readonly isNarrow: boolean
}

/** Nice value and width of a statement: tenants that have used much of the engine lately get less. */
export const urgencyOf = (kind: 'sql' | 'own', { rank, isAlone }: Standing): Urgency => ({
  nice: (kind === 'sql' ? SQL_NICE : OWN_NICE)[rank],
  isNarrow: rank > 0 && !isAlone,
})

/**
 * Roles decide which stages a process runs. On one machine it runs all of them. On several machines each role is scaled
 * by replicas, which share the log (Kafka) and the tables (a ClickHouse server).
 */
import type { Role } from './keys/process.ts'
import type { ConfigProblem } from './problem.ts'

/** The keys that decide which stage runs where. */
export interface Placement {
  readonly roles: readonly Role[]
  readonly broker: { readonly kind: 'embedded' | 'kafka' }
  readonly warehouse: { readonly kind: 'embedded' | 'clickhouse' }
  /** Where the log is forwarded to. */
  readonly forward: { readonly url?: string | undefined }
  /** Where role scaling takes decisions from, if not from the log. */
  readonly scaling_source: { readonly url?: string | undefined }
}

/** The resources that a process opens for its roles. */
export interface Needs {
  /** late: opened only for the first query of lag or a replay; the process starts and serves without it. */
  readonly log: 'open' | 'late' | 'none'
  readonly warehouse: boolean
  /** The data folder, locked by this process; without it nothing is kept on disk. */
  readonly folder: boolean
}

/** The resources that a process with these keys opens. */
export function roleNeeds({ roles, broker, warehouse }: Omit<Placement, 'scaling_source'>): Needs {
  const stages = roles.includes('collector') || roles.includes('processors')
  const log = stages ? 'open' : broker.kind === 'kafka' ? 'late' : 'none'
  const tables = roles.includes('processors') || roles.includes('query')
  const folder = (stages && broker.kind === 'embedded') || (tables && warehouse.kind === 'embedded')
  return { log, warehouse: tables, folder }
}

/** Roles that cannot work with embedded parts: the embedded log and engine belong to one process. */
export function roleProblems({
  roles,
  broker,
  warehouse,
  forward,
  scaling_source,
}: Placement): ConfigProblem[] {
  const has = (role: Role): boolean => roles.includes(role)
  const problems: ConfigProblem[] = []
  const tell = (path: string, problem: string): void => void problems.push({ path, problem })
  if (new Set(roles).size < roles.length) tell('roles', 'a role is listed twice')
  if (broker.kind === 'embedded' && has('collector') && !has('processors') && forward.url === undefined) {
    tell(
      'roles',
      'only the process of the collector can read its embedded log: add role `processors`, set `broker.kind: kafka`, or set `forward.url` to forward it',
    )
  }
  if (broker.kind === 'embedded' && has('processors') && !has('collector')) {
    tell(
      'roles',
      'only this process can write its embedded log: add role `collector`, or set `broker.kind: kafka`',
    )
  }
  if (warehouse.kind === 'embedded' && has('query') && !has('processors')) {
    tell(
      'roles',
      'only this process can fill the tables of the embedded engine: add role `processors`, or set `warehouse.kind: clickhouse`',
    )
  }
  if (warehouse.kind === 'embedded' && has('processors') && !has('query')) {
    tell(
      'roles',
      'only this process can query the tables of the embedded engine: add role `query`, or set `warehouse.kind: clickhouse`',
    )
  }
  if (
    broker.kind === 'embedded' &&
    has('scaling') &&
    !has('processors') &&
    scaling_source.url === undefined
  ) {
    tell(
      'roles',
      'only the process of the processors can read its embedded log: set `scaling_source.url` to the address of that process, add role `processors`, or set `broker.kind: kafka`',
    )
  }
  return problems
}

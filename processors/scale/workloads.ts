/** Conditions on workloads of the ledger. */
import type { WorkloadFilter } from '../../core/scaling/policy.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'

/** A statement and its values. */
export interface BoundStatement {
  readonly sql: string
  readonly params: Readonly<Record<string, QueryParam>>
}

const COLUMNS = {
  account: 'Account',
  namespace: 'Namespace',
  name: 'WorkloadName',
  kind: 'WorkloadKind',
} as const

/** Texts of SQL, each beginning with AND, and their values. Entries of no workload, and of the host as a whole, are left out. */
export function workloadConditions(filter: WorkloadFilter): BoundStatement {
  const given = Object.entries(COLUMNS).filter(([key]) => filter[key as keyof WorkloadFilter] !== '')
  return {
    sql: [
      "WorkloadKind NOT IN ('', 'host')",
      ...given.map(([key, column]) => `${column} LIKE {w_${key}:String}`),
    ]
      .map(text => ` AND ${text}`)
      .join(''),
    params: Object.fromEntries(
      given.map(([key]) => [`w_${key}`, likePattern(filter[key as keyof WorkloadFilter])]),
    ),
  }
}

/** `*` stands for any text; all that LIKE reads otherwise stands for itself. */
const likePattern = (text: string): string => text.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')

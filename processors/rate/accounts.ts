/** Who pays for a workload: the first rule that matches it. */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { type EnergyRecord, isText } from './energy-record.ts'
import { wildcard } from './wildcard.ts'

type Rule = Config['workloads']['rules'][number]

/** What rules look at. */
export interface Rated {
  readonly WorkloadKind: string
  readonly WorkloadName: string
  readonly Namespace: string
  readonly Share: string
  readonly Labels: Readonly<Record<string, string>>
}

/**
 * Idle, unattributed and skew belong to the operator, but for shares of idle energy, which are a workload's; a rule whose account
 * would have an empty part is passed over.
 */
export function createAccounts(workloads: Config['workloads']): (row: Rated) => string {
  const rules = workloads.rules.map(compile)
  return row => {
    if (!isOfWorkload(row)) return workloads.operator_account
    for (const rule of rules) {
      const account = rule(row)
      if (account !== null) return account
    }
    return workloads.account
  }
}

const isOfWorkload = ({ Share, WorkloadKind }: Rated): boolean =>
  Share === 'active' || (Share === 'idle' && WorkloadKind !== '')

function compile({ match, account }: Rule): (row: Rated) => string | null {
  const namespace = pattern(match.namespace)
  const name = pattern(match.name)
  const labels = Object.entries(match.label ?? {})
  return row => {
    if (match.kind !== undefined && match.kind !== row.WorkloadKind) return null
    if (!namespace(row.Namespace) || !name(row.WorkloadName)) return null
    if (labels.some(([key, value]) => row.Labels[key] !== value)) return null
    return fill(account, row)
  }
}

/** Everything matches a pattern that is not given. */
const pattern = (text: string | undefined): ((name: string) => boolean) =>
  text === undefined ? () => true : wildcard(text)

const PLACEHOLDER = /\$\{(namespace|label:([^}]*))\}/g

function fill(template: string, row: Rated): string | null {
  let complete = true
  const account = template.replace(PLACEHOLDER, (_, name: string, label: string | undefined) => {
    const value = name === 'namespace' ? row.Namespace : (row.Labels[label ?? ''] ?? '')
    complete &&= value !== ''
    return value
  })
  return complete ? account : null
}

/** The same for rows of a record: of rows that rules cannot tell apart one is looked at. */
export function accountsOf(
  workloads: Config['workloads'],
): (record: EnergyRecord) => (row: number) => string {
  const accountOf = createAccounts(workloads)
  return ({ columns }) => {
    const { WorkloadKind, WorkloadName, Namespace, Share, Labels } = columns
    const known = new Map<string, string>()
    const [isActive, isIdle] = [isText(Share, 'active'), isText(Share, 'idle')]
    const isOfHost = isText(WorkloadKind, '')
    return row => {
      if (!isActive(row) && (!isIdle(row) || isOfHost(row))) return workloads.operator_account
      if (workloads.rules.length === 0) return workloads.account
      let key = `${WorkloadKind.ids[row]}/${WorkloadName.ids[row]}/${Namespace.ids[row]}`
      for (let at = Labels.offsets[row]!; at < Labels.offsets[row + 1]!; at += 1) {
        key += `,${Labels.keys.ids[at]}=${Labels.values.ids[at]}`
      }
      const before = known.get(key)
      if (before !== undefined) return before
      const account = accountOf({
        WorkloadKind: WorkloadKind.get(row),
        WorkloadName: WorkloadName.get(row),
        Namespace: Namespace.get(row),
        Share: 'active',
        Labels: Labels.get(row),
      })
      known.set(key, account)
      return account
    }
  }
}

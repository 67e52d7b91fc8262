/** Who pays for a workload: whoever its sender's token names, else the first rule that matches it. */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { type AccountPart, fillAccount, placeholdersOf } from '../../core/model/account-template.ts'
import { ACCOUNT_ATTRIBUTE } from '../../core/model/identity.ts'
import { wildcard } from '../../core/model/wildcard.ts'
import { type EnergyRecord, hasText, isText } from './energy-record.ts'
import type { Site } from './sites.ts'

type AccountRule = Config['workloads']['rules'][number]

/** What rules look at. */
export interface Rated {
  readonly Tenant: string
  readonly Host: string
  readonly HostName: string
  /** Zone of the host, as the entry has it. */
  readonly Zone: string
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
    const sender = row.Labels[ACCOUNT_ATTRIBUTE]
    if (sender !== undefined && sender !== '') return sender
    for (const rule of rules) {
      const account = rule(row)
      if (account !== null) return account
    }
    return workloads.account
  }
}

const isOfWorkload = ({ Share, WorkloadKind }: Rated): boolean =>
  Share === 'active' || (Share === 'idle' && WorkloadKind !== '')

/** Labels that name a cluster or project, the one that counts first. */
const LABELS = {
  cluster: ['k8s.cluster.name'],
  project: ['openstack.project.id', 'project_id', 'cloud.account.id'],
} as const

function partOf({ part, key }: AccountPart, row: Rated): string {
  switch (part) {
    case 'tenant':
      return row.Tenant
    case 'host':
      return row.HostName || row.Host
    case 'zone':
      return row.Zone
    case 'kind':
      return row.WorkloadKind
    case 'namespace':
      return row.Namespace
    case 'name':
      return row.WorkloadName
    case 'label':
      return row.Labels[key] ?? ''
    default:
      return LABELS[part].map(name => row.Labels[name]).find(Boolean) ?? ''
  }
}

/** Rules compare the row with texts that differ in their source, and none of which most rules name. */
const MATCHED = ['tenant', 'zone', 'namespace', 'name', 'cluster', 'project'] as const

function compile({ match, account }: AccountRule): (row: Rated) => string | null {
  const conditions: ((row: Rated) => boolean)[] = []
  const { kind, host } = match
  if (kind !== undefined) conditions.push(row => row.WorkloadKind === kind)
  for (const part of MATCHED) {
    const text = match[part]
    if (text === undefined) continue
    const matches = wildcard(text)
    conditions.push(row => matches(partOf({ part, key: '' }, row)))
  }
  if (host !== undefined) {
    const matches = wildcard(host)
    conditions.push(row => matches(row.HostName) || matches(row.Host))
  }
  for (const [key, text] of Object.entries(match.label ?? {})) {
    const matches = wildcard(text)
    conditions.push(({ Labels }) => Labels[key] !== undefined && matches(Labels[key]))
  }
  return row =>
    conditions.every(holds => holds(row)) ? fillAccount(account, part => partOf(part, row)) : null
}

/** Whether any rule looks at where a workload ran: if so, rows of other hosts are kept separate. */
const looksAtHosts = ({ rules }: Config['workloads']): boolean =>
  rules.some(({ match, account }) => {
    const parts = placeholdersOf(account).map(({ part }) => part)
    return (
      match.host !== undefined ||
      match.zone !== undefined ||
      parts.some(part => part === 'host' || part === 'zone')
    )
  })

/** The same for rows of a record: of rows that rules cannot tell apart one is looked at. */
export function accountsOf(
  workloads: Config['workloads'],
): (record: EnergyRecord, placed: (row: number) => Site) => (row: number) => string {
  const accountOf = createAccounts(workloads)
  const byHost = looksAtHosts(workloads)
  return ({ columns }, placed) => {
    const { Tenant, Host, HostName, WorkloadKind, WorkloadName, Namespace, Share, Labels } = columns
    const known = new Map<string, string>()
    const [isActive, isIdle] = [isText(Share, 'active'), isText(Share, 'idle')]
    const isOfHost = isText(WorkloadKind, '')
    const isOneAccount = workloads.rules.length === 0 && !hasText(Labels.keys, ACCOUNT_ATTRIBUTE)
    return row => {
      if (!isActive(row) && (!isIdle(row) || isOfHost(row))) {
        return placed(row).operatorAccount ?? workloads.operator_account
      }
      if (isOneAccount) return workloads.account
      let key = `${WorkloadKind.ids[row]}/${WorkloadName.ids[row]}/${Namespace.ids[row]}/${Tenant.ids[row]}`
      if (byHost) key += `/${Host.ids[row]}/${HostName.ids[row]}/${placed(row).zone}`
      for (let at = Labels.offsets[row]!; at < Labels.offsets[row + 1]!; at += 1) {
        key += `,${Labels.keys.ids[at]}=${Labels.values.ids[at]}`
      }
      const before = known.get(key)
      if (before !== undefined) return before
      const account = accountOf({
        Tenant: Tenant.get(row),
        Host: Host.get(row),
        HostName: HostName.get(row),
        Zone: placed(row).zone,
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

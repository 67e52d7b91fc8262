/** Rules of accounts, and sites, that can never apply, because whatever they match has been matched by an earlier one. */
import { placeholdersOf } from '../../model/account-template.ts'
import { coversPattern } from '../../model/wildcard.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

type WorkloadRule = Config['workloads']['rules'][number]

/** What can be said for certain: rules that are unreachable only together with others are not found. */
export const unreachable = ({ workloads, sites }: Pick<Config, 'workloads' | 'sites'>): ConfigProblem[] => [
  ...workloads.rules.flatMap((rule, index) => {
    const earlier = workloads.rules.findIndex((other, at) => at < index && coversRule(other, rule))
    if (earlier < 0) return []
    const problem = `never applies: workloads.rules.${earlier} matches everything that it matches. Move it before that rule, or delete it`
    return [{ path: `workloads.rules.${index}`, problem }]
  }),
  ...sites.flatMap(({ hosts }, index) => {
    const earlier = hosts.map(host =>
      sites.findIndex((other, at) => at < index && coversHost(other.hosts, host)),
    )
    if (earlier.some(at => at < 0)) return []
    const names = [...new Set(earlier)].map(at => `sites.${at}`).join(' and ')
    const problem = `never applies: ${names} has all of its hosts. Move it before, or delete it`
    return [{ path: `sites.${index}`, problem }]
  }),
]

const coversHost = (patterns: readonly string[], host: string): boolean =>
  patterns.some(pattern => coversPattern(pattern, host))

const PARTS = ['tenant', 'host', 'zone', 'cluster', 'project', 'namespace', 'name'] as const

function coversRule(first: WorkloadRule, second: WorkloadRule): boolean {
  const { match } = first
  if (match.kind !== undefined && match.kind !== second.match.kind) return false
  const covers = (pattern: string | undefined, other: string | undefined): boolean =>
    // What is not matched on may be anything, also nothing.
    pattern === undefined || (other === undefined ? /^\*+$/.test(pattern) : coversPattern(pattern, other))
  if (!PARTS.every(part => covers(match[part], second.match[part]))) return false
  const labels = Object.entries(match.label ?? {})
  const others = second.match.label ?? {}
  if (!labels.every(([key, pattern]) => others[key] !== undefined && coversPattern(pattern, others[key])))
    return false
  return isAlwaysFilled(first, second)
}

/** Whether the account of a rule has all its parts for everything that both match: else it is passed over. */
function isAlwaysFilled({ account, match }: WorkloadRule, second: WorkloadRule): boolean {
  const isSaid = (pattern: string | undefined): boolean => pattern !== undefined && /[^*]/.test(pattern)
  return placeholdersOf(account).every(({ part, key }) => {
    if (part === 'label') return isSaid(match.label?.[key]) || isSaid(second.match.label?.[key])
    if (part === 'namespace' || part === 'cluster' || part === 'project') {
      return isSaid(match[part]) || isSaid(second.match[part])
    }
    return true
  })
}

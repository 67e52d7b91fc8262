/** SQL that finds the workload of each resource of spans, by the rules of match-rules.ts. */
import { REQUEST_REASONS } from '../../core/model/streams/request-energy.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { MATCH_RULES, type MatchRule, RESOURCE_HOSTS } from './match-rules.ts'

/** Keys with the number of their rule. */
const keysOf = (rules: readonly MatchRule[], side: 'ofResource' | 'ofWorkload'): string =>
  `arrayConcat(${rules
    .map(
      (rule, index) =>
        `arrayMap(k -> (toUInt8(${index}), k), arrayDistinct(arrayFilter(k -> k != '', ${rule[side]})))`,
    )
    .join(',\n      ')})`

const WORKLOAD = ['Host', 'WorkloadKind', 'WorkloadId'] as const

/**
 * Rows of `Tenant`, `Service`, `Resource` with the workload (`Host`, `WorkloadKind`, `WorkloadId`), `Match` and `Problem`: why
 * there is none. The host that the resource names decides between several candidates.
 * @param resources SELECT of Tenant, Service, Resource, r
 * @param workloads SELECT of Tenant, the columns of a workload, and l
 */
export function matchStatement(resources: string, workloads: string, rules = MATCH_RULES): string {
  const names = `[${rules.map(({ name }) => quoteText(name)).join(', ')}]`
  return `
SELECT Tenant, Service, Resource, ${WORKLOAD.map((name, index) => `Best.${index + 1} AS ${name}`).join(', ')},
  if(Best.2 = '', '', ${names}[BestRule + 1]) AS Match,
  multiIf(Best.2 != '', '', Most > 1, ${quoteText(REQUEST_REASONS.ambiguousWorkload)}, ${quoteText(REQUEST_REASONS.noWorkload)}) AS Problem
FROM (
SELECT Tenant, Service, Resource, argMinIf(Found, Rule, length(Found) = 1)[1] AS Best,
  minIf(Rule, length(Found) = 1) AS BestRule, max(length(Found)) AS Most
FROM (SELECT Tenant, Service, Resource, Rule, if(empty(Here), Anywhere, Here) AS Found
FROM (
  SELECT Tenant, Service, Resource, Rule,
    groupUniqArrayIf(2)((Host, WorkloadKind, WorkloadId), WorkloadKind != '') AS Anywhere,
    groupUniqArrayIf(2)((Host, WorkloadKind, WorkloadId), WorkloadKind != '' AND (has(Hosts, Host) OR has(Hosts, HostName))) AS Here
  FROM (
    SELECT Tenant, Service, Resource, ${RESOURCE_HOSTS} AS Hosts,
      Key.1 AS Rule, Key.2 AS Name
    FROM (SELECT Tenant, Service, Resource, r, arrayJoin(arrayPushBack(${keysOf(rules, 'ofResource')}, (toUInt8(255), ''))) AS Key
      FROM (${resources}))
  ) AS s
  LEFT JOIN (
    SELECT Tenant, Host, HostName, WorkloadKind, WorkloadId, Key.1 AS Rule, Key.2 AS Name
    FROM (SELECT *, arrayJoin(${keysOf(rules, 'ofWorkload')}) AS Key FROM (${workloads}))
  ) AS w USING (Tenant, Rule, Name)
  GROUP BY Tenant, Service, Resource, Rule
))
GROUP BY Tenant, Service, Resource)`
}

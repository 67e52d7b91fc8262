/** Patterns by which rules of the configuration name tenants, hosts and boards. */
import { wildcard } from '../../../core/model/wildcard.ts'
import type { HostState } from '../state/host-state.ts'

/** Whether one of the patterns matches one of the names; without patterns, always. */
export function namedBy(patterns: readonly string[] | undefined): (...names: readonly string[]) => boolean {
  const named = patterns?.map(wildcard)
  return (...names) => named === undefined || named.some(matches => names.some(matches))
}

/** The value of the first rule that names both tenant and host; undefined: none does. */
export function firstForHost<Value>(
  rules: readonly {
    readonly tenants?: readonly string[] | undefined
    readonly hosts?: readonly string[] | undefined
    readonly value: Value
  }[],
): (host: Pick<HostState, 'tenant' | 'host' | 'hostName'>) => Value | undefined {
  const ready = rules.map(({ tenants, hosts, value }) => ({
    isTenant: namedBy(tenants),
    isHost: namedBy(hosts),
    value,
  }))
  return ({ tenant, host, hostName }) =>
    ready.find(({ isTenant, isHost }) => isTenant(tenant) && isHost(host, hostName))?.value
}

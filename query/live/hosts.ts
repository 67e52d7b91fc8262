/** Hosts of the live view: every name that stands for a machine is that machine, as in the meter. */
import { HostJoins, type HostRules, NO_HOST_RULES } from '../../core/books/host-join.ts'

interface LiveHost {
  readonly host: string
  /** '' if no reading of its own is known. */
  readonly host_name: string
  /** Further names that it is said to have. */
  readonly aliases?: readonly string[]
  readonly clock_offset_ms?: number | null
}

/** A host with every name under which its readings are stored. */
export interface JoinedHost extends LiveHost {
  /** All names under which its readings are stored: its own, and others if readings use those too. */
  readonly hosts: readonly string[]
}

/** Joined like in the meter (core/books/host-join.ts); two machines with one name are not joined. In the given order. */
export function joinHosts(
  found: readonly LiveHost[],
  rules: HostRules = NO_HOST_RULES,
): readonly JoinedHost[] {
  const joins = new HostJoins(
    found.flatMap(({ host, host_name: name, aliases = [] }) => [
      { host, name, isAlias: false },
      ...aliases.map(alias => ({ host, name: alias, isAlias: true })),
    ]),
    rules,
  )
  const byRoot = Map.groupBy(
    found.filter(({ host_name }) => host_name !== ''),
    ({ host, host_name }) => joins.rootOf(host, host === host_name),
  )
  return [...byRoot].map(([root, members]) => {
    const own = members.find(({ host }) => host === root)
    const others = members.map(({ host }) => host).filter(host => host !== root)
    const [first] = members
    const { aliases: _, ...one } = own ?? { ...first!, host: root, host_name: root }
    return { ...one, hosts: own === undefined ? others : [root, ...others] }
  })
}

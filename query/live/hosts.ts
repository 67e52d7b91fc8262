/** Hosts of the live view: a machine that some senders know by its name alone is the one whose id says that name. */

interface LiveHost {
  readonly host: string
  readonly host_name: string
  readonly clock_offset_ms?: number | null
}

/** A host with every name under which its readings are stored. */
export interface JoinedHost extends LiveHost {
  /** All that its readings are called by: itself, and its name where that speaks too. */
  readonly hosts: readonly string[]
}

/** As the meter joins them (processors/meter/names/host-names.ts); of two machines of one name, none. In the order given. */
export function joinHosts(found: readonly LiveHost[]): readonly JoinedHost[] {
  const alone = new Set(found.filter(({ host, host_name }) => host === host_name).map(({ host }) => host))
  const claims = Map.groupBy(
    found.filter(({ host, host_name }) => host !== host_name && alone.has(host_name)),
    ({ host_name }) => host_name,
  )
  const isJoined = (name: string): boolean => claims.get(name)?.length === 1
  return found
    .filter(({ host, host_name }) => host !== host_name || !isJoined(host))
    .map(one => ({
      ...one,
      hosts: one.host !== one.host_name && isJoined(one.host_name) ? [one.host, one.host_name] : [one.host],
    }))
}

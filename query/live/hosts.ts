/** Hosts of the live view: a machine that some senders know only by name is the one whose id has that name. */

interface LiveHost {
  readonly host: string
  readonly host_name: string
  readonly clock_offset_ms?: number | null
}

/** A host with every name under which its readings are stored. */
export interface JoinedHost extends LiveHost {
  /** All names under which its readings are stored: its own, and its host name if readings use that too. */
  readonly hosts: readonly string[]
}

/**
 * Joined like in the meter (processors/meter/names/host-names.ts); two machines with one name are not joined. In the
 * given order.
 */
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

/**
 * Assigns partitions to the members of a group: a pure function, with the same result for the same members in the same
 * order.
 */

interface Candidate {
  readonly id: number
  readonly streams: ReadonlySet<string>
  /** Partitions (`partitionName`) that this member has given up: they are not assigned to it again. */
  readonly givenUp: ReadonlySet<string>
}

/** `stream/partition`: identifies a partition within one group. */
export const partitionName = (stream: string, partition: number): string => `${stream}/${partition}`

/** Partition name -> member id. Partitions without a member are absent. */
export function assign(
  partitions: readonly { readonly stream: string; readonly partition: number }[],
  members: readonly Candidate[],
): ReadonlyMap<string, number> {
  const owners = new Map<string, number>()
  for (const [index, { stream, partition }] of partitions.entries()) {
    const name = partitionName(stream, partition)
    const willing = members.filter(member => member.streams.has(stream) && !member.givenUp.has(name))
    const owner = willing[index % willing.length]
    if (owner !== undefined) owners.set(name, owner.id)
  }
  return owners
}

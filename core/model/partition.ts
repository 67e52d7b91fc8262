const encoder = new TextEncoder()

/** FNV-1a over the UTF-8 of the fields that decide the partition of a host-keyed row, 32 bits unsigned. */
export function partitionKey(tenant: string, host: string): number {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(`${tenant}\u0000${host}`)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/**
 * The partition of a key among `count`: the same for every writer in any process. A record of a host-keyed stream has
 * rows of only one partition.
 */
export function partitionOf(tenant: string, host: string, count: number): number {
  return partitionKey(tenant, host) % count
}

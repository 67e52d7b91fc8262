const encoder = new TextEncoder()

/** FNV-1a over UTF-8 of what decides the partition of a host-keyed row, 32 bits without sign. */
export function partitionKey(tenant: string, host: string): number {
  let hash = 0x811c9dc5
  for (const byte of encoder.encode(`${tenant}\u0000${host}`)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/**
 * The partition of a key among `count`: the same for every writer in any process. One record of a host-keyed stream holds
 * rows of one partition only.
 */
export function partitionOf(tenant: string, host: string, count: number): number {
  return partitionKey(tenant, host) % count
}

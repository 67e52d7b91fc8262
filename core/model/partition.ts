/**
 * The partition of a key among `count`: FNV-1a over UTF-8, so that every writer in any process agrees. One record of a
 * host-keyed stream holds rows of one partition only.
 */
export function partitionOf(tenant: string, host: string, count: number): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(`${tenant}\u0000${host}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193)
  }
  return (hash >>> 0) % count
}

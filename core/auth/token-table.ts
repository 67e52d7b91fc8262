import { timingSafeEqual } from 'node:crypto'
import { tokenHash } from './token.ts'
import type { TokenEntry } from './token-list.ts'

/** The tokens in force. Finding one takes the same time for few and for many. */
export interface TokenTable {
  /** The entry of the presented token, expired or not; undefined: the token is unknown. */
  find(presented: string): TokenEntry | undefined
}

/**
 * Only the hash of what is presented meets what is stored, so that time tells nothing of a token; whole hashes are compared
 * in constant time besides. The first 32 bits choose whom to compare with: an attacker who learnt them could not use them.
 */
export function createTokenTable(entries: readonly TokenEntry[]): TokenTable {
  const stored = entries.map(entry => ({ entry, hash: Buffer.from(entry.sha256, 'hex') }))
  const places = Map.groupBy(stored, ({ hash }) => hash.readUInt32BE(0))
  return {
    find(presented) {
      const hash = tokenHash(presented)
      const place = places.get(hash.readUInt32BE(0)) ?? []
      return place.find(candidate => timingSafeEqual(candidate.hash, hash))?.entry
    },
  }
}

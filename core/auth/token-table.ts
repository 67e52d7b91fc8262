import { timingSafeEqual } from 'node:crypto'
import { tokenHash } from './token.ts'
import type { TokenEntry } from './token-list.ts'

/** The tokens in force. A look-up takes the same time for few tokens and for many. */
export interface TokenTable {
  /** The entry of the presented token, even if expired; undefined: the token is unknown. */
  find(presented: string): TokenEntry | undefined
}

/**
 * Compares only the hash of the presented token with the stored ones, so timing reveals nothing about a token; whole
 * hashes are also compared in constant time. The first 32 bits select the candidates: an attacker who learnt them could
 * not use them.
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

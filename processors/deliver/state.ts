/** State of the deliver group: messages that wait, receivers that are gone, and the offset that was read. */
import { NEXT_OFFSET } from '../loop/next-offset.ts'
import type { PendingMessage } from './pending.ts'

const PENDING = 'p/'
const GONE = 'gone/'

/** @throws SyntaxError for bytes that this did not write */
export function decodeDeliverState(entries: ReadonlyMap<string, Uint8Array>): {
  readonly next: bigint
  /** Digest of the URL of receivers that answered 410, by name. */
  readonly gone: Map<string, string>
  /** As they came. */
  readonly pending: readonly PendingMessage[]
} {
  let next = 0n
  const gone = new Map<string, string>()
  const pending: PendingMessage[] = []
  for (const [key, bytes] of entries) {
    const text = Buffer.from(bytes).toString('utf8')
    if (key === NEXT_OFFSET) next = BigInt(text)
    else if (key.startsWith(GONE)) gone.set(key.slice(GONE.length), text)
    else if (key.startsWith(PENDING)) pending.push(JSON.parse(text) as PendingMessage)
  }
  return { next, gone, pending: pending.sort((a, b) => (a.place < b.place ? -1 : 1)) }
}

/** Entry of a message; null: it is done with. */
export const pendingEntry = (
  place: string,
  pending: PendingMessage | null,
): readonly [string, Uint8Array | null] => [
  PENDING + place,
  pending === null ? null : Buffer.from(JSON.stringify(pending)),
]

/** Entry of a receiver that is gone. */
export const goneEntry = (name: string, url: string): readonly [string, Uint8Array] => [
  GONE + name,
  Buffer.from(url),
]

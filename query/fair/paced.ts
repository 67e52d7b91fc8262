import type { OpenStatement } from './turns.ts'

/** A smaller answer is read completely in its first turn. */
const HEAD_BYTES = 65_536

interface Begun {
  readonly head: readonly Uint8Array[]
  /** Null: the head is the whole answer. */
  readonly rest: AsyncIterator<Uint8Array> | null
}

/** Reads the beginning of an answer; an error in it is thrown before anything has been sent. */
export async function beginAnswer(chunks: AsyncIterable<Uint8Array>): Promise<Begun> {
  const source = chunks[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  for (let held = 0; held < HEAD_BYTES; ) {
    const next = await source.next()
    if (next.done === true) return { head, rest: null }
    head.push(next.value)
    held += next.value.length
  }
  return { head, rest: source }
}

/**
 * The whole answer. Each further chunk takes a turn of its tenant in the engine. While the client does not read, it blocks
 * no other statement.
 */
export async function* paced(
  { head, rest }: Begun,
  open: OpenStatement,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let ended = rest === null
  try {
    yield* head
    while (rest !== null && !ended) {
      const next = await open.turn(() => rest.next(), signal)
      if (next.done === true) ended = true
      else yield next.value
    }
  } finally {
    if (!ended) await rest?.return?.()
  }
}

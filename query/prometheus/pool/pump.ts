/** Hands the answer of a statement to a thread, no faster than the thread uses it. */
import type { ToThread } from '../wire/messages.ts'

/** Bytes that may be on their way to the thread. */
const WINDOW_BYTES = 4_194_304

/** A statement whose answer is being handed on. */
export interface ReadInHand {
  /** The thread has used bytes; less than 0: it wants no more. */
  used(bytes: number): void
}

interface ThreadPort {
  post(message: ToThread, transfer?: readonly ArrayBuffer[]): void
  register(read: ReadInHand): void
  isOver(): boolean
}

/** Resolves when the thread has everything, or wants no more. @throws the statement's error */
export async function pump(
  read: number,
  chunks: AsyncIterable<Uint8Array>,
  receiver: ThreadPort,
): Promise<void> {
  let underWay = 0
  let isUnwanted = false
  let wake: () => void = () => undefined
  receiver.register({
    used(bytes) {
      if (bytes < 0) isUnwanted = true
      else underWay -= bytes
      wake()
    },
  })
  for await (const chunk of chunks) {
    if (isUnwanted || receiver.isOver()) return
    const bytes = ownBytes(chunk)
    underWay += bytes.length
    receiver.post({ type: 'chunk', read, bytes }, [bytes.buffer])
    while (underWay > WINDOW_BYTES && !isUnwanted && !receiver.isOver()) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  if (!isUnwanted && !receiver.isOver()) receiver.post({ type: 'end', read })
}

/** Bytes that can be given away: their buffer has nothing else. */
const ownBytes = (chunk: Uint8Array): Uint8Array<ArrayBuffer> =>
  chunk.buffer instanceof ArrayBuffer && chunk.byteLength === chunk.buffer.byteLength
    ? (chunk as Uint8Array<ArrayBuffer>)
    : new Uint8Array(chunk)

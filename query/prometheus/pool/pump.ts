/** Hands the answer of a statement to a thread, no faster than the thread uses it. */
import type { ToThread } from '../wire/messages.ts'

/** Bytes that may be on their way to the thread. */
const WINDOW_BYTES = 4_194_304
/** What comes out of the engine in small pieces is handed on in one: a message costs more than copying its bytes. */
const PIECE_BYTES = 524_288

/** A statement whose answer is being handed on. */
export interface ReadInHand {
  /** The thread has used bytes; less than 0: it wants no more. */
  used(bytes: number, buffer?: ArrayBuffer): void
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
  const held = new PumpBuffer()
  receiver.register({
    used(bytes, buffer) {
      if (buffer !== undefined) held.giveBack(buffer)
      if (bytes < 0) isUnwanted = true
      else underWay -= bytes
      wake()
    },
  })
  const handOn = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    underWay += bytes.length
    receiver.post({ type: 'chunk', read, bytes }, [bytes.buffer])
    while (underWay > WINDOW_BYTES && !isUnwanted && !receiver.isOver()) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  for await (const chunk of chunks) {
    if (isUnwanted || receiver.isOver()) return
    if (held.add(chunk)) continue
    await handOn(held.take())
    if (!held.add(chunk)) await handOn(new Uint8Array(chunk))
  }
  if (held.length > 0 && !isUnwanted && !receiver.isOver()) await handOn(held.take())
  if (!isUnwanted && !receiver.isOver()) receiver.post({ type: 'end', read })
}

/** Collects bytes in a buffer that can be given away. */
class PumpBuffer {
  /** The first piece is small: most answers are. */
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(16_384)
  readonly #free: ArrayBuffer[] = []
  length = 0

  giveBack(buffer: ArrayBuffer): void {
    if (buffer.byteLength === PIECE_BYTES) this.#free.push(buffer)
  }

  /** Whether there was space for them. */
  add(chunk: Uint8Array): boolean {
    const needed = this.length + chunk.length
    if (needed > PIECE_BYTES) return false
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(PIECE_BYTES, Math.max(needed, 4 * this.#bytes.length)))
      larger.set(this.#bytes.subarray(0, this.length))
      this.#bytes = larger
    }
    this.#bytes.set(chunk, this.length)
    this.length = needed
    return true
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.length)
    this.#bytes = new Uint8Array(this.#free.pop() ?? new ArrayBuffer(PIECE_BYTES))
    this.length = 0
    return taken
  }
}

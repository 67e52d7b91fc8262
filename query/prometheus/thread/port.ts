/** A thread's side of the conversation with the main thread: statements it asks for, and the body it sends. */
import type { MessagePort } from 'node:worker_threads'
import type { Arena } from '../native/arena.ts'
import type { NativeBlock } from '../native/columns.ts'
import { NativeDecoder } from '../native/decoder.ts'
import type { FailureKind, FromThread, Read, ToThread } from '../wire/messages.ts'

/** A failure that the main thread turns into an answer. */
export class TaskError extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string) {
    super(message)
    this.kind = kind
  }
}

/** A body waits while this much of it has not been taken. */
const UNTAKEN_BYTES = 8_388_608

interface OpenRead {
  readonly arrived: Uint8Array<ArrayBuffer>[]
  state: 'open' | 'ended' | 'broken'
  wake: () => void
}

/** Reads and writes through the main thread, for one task after another. */
export class TaskPort {
  readonly #port: MessagePort
  readonly #reads = new Map<number, OpenRead>()
  #next = 0
  #untaken = 0
  #taken: () => void = () => undefined

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** A message that is not a task. */
  receive(message: Exclude<ToThread, { type: 'task' }>): void {
    if (message.type === 'taken') {
      this.#untaken -= message.bytes
      this.#taken()
      return
    }
    const read = this.#reads.get(message.read)
    if (read === undefined) return
    if (message.type === 'chunk') read.arrived.push(message.bytes)
    else read.state = message.type === 'end' ? 'ended' : 'broken'
    read.wake()
  }

  /** Blocks of a statement's answer, which the main thread runs. @throws TaskError `read` */
  async *blocks(statement: Read, arena?: Arena): AsyncGenerator<NativeBlock> {
    const id = this.#next
    this.#next += 1
    const read: OpenRead = { arrived: [], state: 'open', wake: () => undefined }
    this.#reads.set(id, read)
    this.#say({ type: 'read', read: id, statement })
    const decoder = new NativeDecoder(arena)
    try {
      for (;;) {
        const bytes = read.arrived.shift()
        if (bytes !== undefined) {
          yield* decoder.push(bytes)
          // The buffer goes back, to be filled again.
          this.#port.postMessage(
            { type: 'used', read: id, bytes: bytes.length, buffer: bytes.buffer } satisfies FromThread,
            [bytes.buffer],
          )
        } else if (read.state === 'open') await new Promise<void>(resolve => (read.wake = resolve))
        else if (read.state === 'broken') throw new TaskError('read', 'a statement failed')
        else {
          decoder.end()
          return
        }
      }
    } finally {
      this.#reads.delete(id)
      if (read.state === 'open') this.#say({ type: 'used', read: id, bytes: -1 })
    }
  }

  /** Sends the body and resolves when all of it is on its way. */
  async send(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const bytes of pieces) {
      if (bytes.length === 0) continue
      this.#untaken += bytes.length
      this.#port.postMessage({ type: 'body', bytes } satisfies FromThread, [bytes.buffer as ArrayBuffer])
      while (this.#untaken > UNTAKEN_BYTES) await new Promise<void>(resolve => (this.#taken = resolve))
    }
    this.#say({ type: 'done' })
  }

  fail(kind: FailureKind, message: string): void {
    this.#say({ type: 'failed', kind, message })
  }

  /** Forgets what is left of a task. */
  reset(): void {
    this.#reads.clear()
    this.#untaken = 0
  }

  #say(message: FromThread): void {
    this.#port.postMessage(message)
  }
}

import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Named pipes through which the engine sends answers (`INTO OUTFILE`). The library's own stream plans a statement on
 * the JavaScript thread, which also computes its constants there. A statement whose answer goes into a pipe runs
 * entirely on a thread of the pool, and writes as fast as the pipe is read.
 */
export class AnswerPipes {
  readonly #free: string[]

  private constructor(paths: readonly string[]) {
    this.#free = [...paths]
  }

  /**
   * Creates them in `folder`, which is emptied first. @throws when there is no `mkfifo`, or the file system does not
   * support pipes
   */
  static async open(folder: string, count: number): Promise<AnswerPipes> {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const paths = Array.from({ length: count }, (_, index) => join(folder, String(index)))
    await makePipes(paths)
    return new AnswerPipes(paths)
  }

  /** A free pipe; undefined: none is left. */
  take(): string | undefined {
    return this.#free.pop()
  }

  /**
   * Call it only when the pipe has neither a writer nor a reader: leftover data would become part of the next answer.
   */
  give(path: string): void {
    this.#free.push(path)
  }
}

async function makePipes(paths: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', ...paths])
  } catch (error) {
    throw new Error(`named pipes cannot be created (mkfifo of coreutils or busybox): ${String(error)}`, {
      cause: error,
    })
  }
}

/**
 * Reads one answer. The pipe has a reader from before the statement starts until it has ended; without one, the engine
 * would wait for it in a thread that nothing can wake.
 */
export class AnswerPipe {
  readonly #path: string
  readonly #socket: Socket
  #isDiscarding = false
  /** Resolves when the pipe is completely released. */
  readonly closed: Promise<void>

  constructor(path: string) {
    this.#path = path
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    this.#socket = new Socket({ fd, readable: true, writable: false })
    // A failing pipe simply ends: the statement reports the error.
    this.#socket.on('error', () => undefined)
    this.closed = new Promise(resolve => this.#socket.once('close', () => resolve()))
  }

  /** The written chunks, until `end`. */
  chunks(): AsyncIterator<Buffer> {
    return this.#socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  /** Reads and discards the rest, so that the engine can end. */
  discard(): void {
    if (this.#isDiscarding) return
    this.#isDiscarding = true
    this.#socket.removeAllListeners('readable')
    // The listener is needed: without one, the stream stops again once it finds that there is no listener for
    // `readable`.
    this.#socket.on('data', () => undefined)
    this.#socket.resume()
  }

  /** The statement has ended: the reader ends after what was written, if anything was. */
  end(): void {
    if (this.#socket.closed || this.#socket.readableEnded) return
    try {
      closeSync(openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK))
    } catch {
      // It has ended already.
    }
  }
}

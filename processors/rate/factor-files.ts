/** Files of factors that the configuration names: put in force at start, and again whenever they change. */
import type { Events } from '../../core/catalogue/events/events.ts'
import type { FileFactors } from '../../core/factors/file-factors.ts'
import { readFactorFile } from '../../core/factors/files/factor-file.ts'
import { backoffMs, sleep } from '../../core/runtime/backoff.ts'
import { openReloadedFiles, type ReloadedFiles } from '../../core/runtime/reloaded-files.ts'

interface FactorFilesOptions {
  readonly paths: readonly string[]
  /** Puts all that a file says in force; resolves with the number of records that changed. */
  readonly put: (factors: FileFactors) => Promise<number>
  readonly events: Events
  readonly pollMs?: number
}

/** Followed files. `close` resolves when nothing is written any more. */
export interface FactorFiles {
  close(): Promise<void>
}

/** Files may be megabytes, and change a few times a day. */
const POLL_MS = 5_000
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 60_000

/**
 * Resolves once each file has been put, or the log has refused it: then it is tried again until it is durable, or the file is
 * another. @throws WattlineError `config_invalid` for files that cannot be used
 */
export async function openFactorFiles({
  paths,
  put,
  events,
  pollMs = POLL_MS,
}: FactorFilesOptions): Promise<FactorFiles> {
  const stopping = new AbortController()
  const { signal } = stopping
  const opened: { readonly file: ReloadedFiles<FileFactors>; readonly writer: FactorFileWriter }[] = []
  for (const path of paths) {
    const writer = new FactorFileWriter(path, put, events, signal)
    const file = await openReloadedFiles({
      what: `factors.files ${path}`,
      paths: [path],
      parse: ([content]) => readFactorFile(path, content ?? Buffer.alloc(0)),
      onChange: factors => writer.write(factors),
      events,
      pollMs,
    })
    opened.push({ file, writer })
    await writer.write(file.value)
  }
  return {
    async close() {
      for (const { file } of opened) file.close()
      stopping.abort()
      await Promise.all(opened.map(({ writer }) => writer.finished))
    },
  }
}

/** Writes what a file says, the newest contents last. */
class FactorFileWriter {
  finished: Promise<void> = Promise.resolve()
  readonly #path: string
  readonly #put: FactorFilesOptions['put']
  readonly #events: Events
  readonly #signal: AbortSignal
  #newest = 0

  constructor(path: string, put: FactorFilesOptions['put'], events: Events, signal: AbortSignal) {
    this.#path = path
    this.#put = put
    this.#events = events
    this.#signal = signal
  }

  /** Resolves after the first try. */
  write(factors: FileFactors): Promise<void> {
    this.#newest += 1
    const tried = Promise.withResolvers<void>()
    const number = this.#newest
    this.finished = this.finished.then(() => this.#write(factors, number, tried.resolve))
    return tried.promise
  }

  async #write(factors: FileFactors, number: number, tried: () => void): Promise<void> {
    for (let attempt = 0; number === this.#newest && !this.#signal.aborted; attempt += 1) {
      try {
        const records = await this.#put(factors)
        if (records > 0) this.#events.emit('factorFilePut', { file: this.#path, records })
        break
      } catch (error) {
        this.#events.emit('factorFileFailed', { file: this.#path }, error)
      }
      tried()
      await sleep(backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS), this.#signal)
    }
    tried()
  }
}

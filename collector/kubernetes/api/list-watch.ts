/**
 * Follows a list of the Kubernetes API: a list in pages, then a watch from its version on. The watch is resumed where it ended.
 * When the server has forgotten that version (410), everything is listed again. While the API is away it tries with back-off.
 */
import { backoffMs, sleep } from '../../../core/runtime/backoff.ts'
import { type KubeApi, KubeError } from './client.ts'
import type { KubeEvent, KubeList, KubeObject } from './objects.ts'

/** What a list is followed into. */
export interface ListSink<T> {
  /** Everything that is not put until `listed` is gone. */
  listing(): void
  put(object: T): void
  removed(object: T): void
  listed(): void
  /** What is known is as of now: also called when nothing changed. */
  inSync(): void
}

interface ListWatchOptions<T> {
  readonly api: KubeApi
  /** Path with its query, such as `/api/v1/pods?fieldSelector=...`. */
  readonly path: string
  readonly sink: ListSink<T>
  /** Hears of every failure, with how many there were in a row. */
  readonly failed: (error: unknown, inARow: number) => void
  readonly recovered: () => void
  readonly signal: AbortSignal
  /** For tests. */
  readonly firstRetryMs?: number
}

/** Objects of a page: a page of 500 pods is a few MB. */
const PAGE = 500
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000
/** Servers end watches after a random time between this and twice that, so that clients do not come back together. */
const WATCH_SECONDS = 300
/** Server has no version from which a watch could go on. */
const GONE = 410

/** Runs until the signal aborts. */
export async function followList<T extends KubeObject>(options: ListWatchOptions<T>): Promise<void> {
  const { signal, failed, recovered, firstRetryMs = FIRST_RETRY_MS } = options
  const follower = new Follower(options)
  let inARow = 0
  while (!signal.aborted) {
    try {
      await follower.step(() => {
        if (inARow > 0) recovered()
        inARow = 0
      })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof KubeError && error.status === GONE) follower.forget()
      inARow += 1
      failed(error, inARow)
      await sleep(backoffMs(inARow - 1, firstRetryMs, MAX_RETRY_MS), signal)
    }
  }
}

class Follower<T extends KubeObject> {
  readonly #options: ListWatchOptions<T>
  /** From which version on a watch goes on; '': everything must be listed. */
  #version = ''

  constructor(options: ListWatchOptions<T>) {
    this.#options = options
  }

  forget(): void {
    this.#version = ''
  }

  /** Lists if that is needed, then watches until the server ends the watch. */
  async step(worked: () => void): Promise<void> {
    if (this.#version === '') await this.#list()
    await this.#watch(worked)
  }

  async #list(): Promise<void> {
    const { api, path, sink, signal } = this.#options
    sink.listing()
    let page = ''
    let version = ''
    do {
      const more = page === '' ? '' : `&continue=${encodeURIComponent(page)}`
      const list = (await api.get(`${withQuery(path)}limit=${PAGE}${more}`, signal)) as KubeList
      for (const item of list.items ?? []) sink.put(item as T)
      version = list.metadata?.resourceVersion ?? ''
      page = list.metadata?.continue ?? ''
    } while (page !== '')
    sink.listed()
    this.#version = version
    sink.inSync()
  }

  async #watch(worked: () => void): Promise<void> {
    const { api, path, signal } = this.#options
    const seconds = Math.round(WATCH_SECONDS * (1 + Math.random()))
    const options = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${seconds}&resourceVersion=${encodeURIComponent(this.#version)}`
    const lines = api.lines(`${withQuery(path)}${options}`, signal)
    let count = 0
    for await (const line of lines) {
      this.#take(JSON.parse(line) as KubeEvent)
      if (count === 0) worked()
      count += 1
    }
    worked()
    // A server that ends watches at once must not be asked without a pause.
    if (count === 0) await sleep(this.#options.firstRetryMs ?? FIRST_RETRY_MS, signal)
  }

  #take({ type, object }: KubeEvent): void {
    const { sink } = this.#options
    if (type === 'ERROR') throw new KubeError(object?.code ?? 0, object?.message ?? 'The watch failed.')
    if (object === undefined) return
    if (type === 'ADDED' || type === 'MODIFIED') sink.put(object as T)
    else if (type === 'DELETED') sink.removed(object as T)
    this.#version = object.metadata?.resourceVersion ?? this.#version
    sink.inSync()
  }
}

const withQuery = (path: string): string => (path.includes('?') ? `${path}&` : `${path}?`)

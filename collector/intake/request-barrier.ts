import type { Clock } from './clock.ts'

/**
 * Counts the open requests of one signal, to know whether another request could still add to an open batch. A request
 * is outside from the moment its headers are read; batched while its rows are in open batches; and outside again when
 * the last of those has closed, since its client will send more once answered. Not earlier: points of a request are in
 * batches of several tables, and the first that closes must not make the others wait for rows that will not come.
 */
export interface RequestBarrier {
  readonly open: number
  readonly outside: number
  /** `client`: identifies the client, for example by its connection; absent for the process's own requests. */
  enter(client?: object): Ticket
  /** Called whenever no request is outside any more: batches may now be complete. */
  watch(onNoneOutside: () => void): void
}

/** The state of one open request in the barrier. */
export interface Ticket {
  /** How long its client took to send again after its last answer; infinite for a new client. */
  readonly backAfterMs: number
  /** Rows of the request were added to one more open batch. */
  join(): void
  /** All its rows are in batches; has no effect when all of those have closed already. */
  allBatched(): void
  /** One of those batches has closed. */
  batchClosed(): void
  leave(): void
}

/** One per signal: requests of different signals never share a batch. */
export function createRequestBarrier(clock: Pick<Clock, 'monotonicMs'>): RequestBarrier {
  const watchers: (() => void)[] = []
  const answeredMs = new WeakMap<object, number>()
  let open = 0
  let batched = 0

  const changed = (): void => {
    if (open === batched) for (const watcher of watchers) watcher()
  }

  const enter = (client?: object): Ticket => {
    const lastMs = client === undefined ? undefined : answeredMs.get(client)
    let state: 'outside' | 'batched' | 'closed' | 'left' = 'outside'
    let batches = 0
    open += 1
    return {
      backAfterMs: lastMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - lastMs,
      join() {
        batches += 1
      },
      allBatched() {
        if (state !== 'outside' || batches === 0) return
        state = 'batched'
        batched += 1
        changed()
      },
      batchClosed() {
        batches -= 1
        if (batches > 0 || state !== 'batched') return
        batched -= 1
        state = 'closed'
      },
      leave() {
        if (state === 'left') return
        if (state === 'batched') batched -= 1
        state = 'left'
        if (client !== undefined) answeredMs.set(client, clock.monotonicMs())
        open -= 1
        changed()
      },
    }
  }

  return {
    get open() {
      return open
    },
    get outside() {
      return open - batched
    },
    enter,
    watch(onNoneOutside) {
      watchers.push(onNoneOutside)
    },
  }
}

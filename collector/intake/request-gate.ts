import type { Clock } from './clock.ts'

/**
 * Counts the open requests of one signal, to know whether anybody else could still add to an open batch. A request is
 * outside from the moment its headers are read; gathered while its rows sit in open batches; outside again when the last of
 * those has closed, since its client will send more once answered. Not before: points of a request sit in batches of several
 * tables, and the first that closes must not make the others wait for rows that nobody will send.
 */
export interface RequestGate {
  readonly open: number
  readonly outside: number
  /** `client`: what the request came by, such as its connection; none for the process's own. */
  enter(client?: object): Ticket
  /** Called whenever the last request outside has gone: batches may now be complete. */
  watch(onNoneOutside: () => void): void
}

export interface Ticket {
  /** How long its client took to come back from its last answer; infinite for one that was not here before. */
  readonly backAfterMs: number
  /** Rows of the request were added to one more open batch. */
  join(): void
  /** All its rows are in batches; without effect when all of those have closed already. */
  gather(): void
  /** One of those batches has closed. */
  scatter(): void
  leave(): void
}

export function createRequestGate(clock: Pick<Clock, 'monotonicMs'>): RequestGate {
  const watchers: (() => void)[] = []
  const answeredMs = new WeakMap<object, number>()
  let open = 0
  let gathered = 0

  const changed = (): void => {
    if (open === gathered) for (const watcher of watchers) watcher()
  }

  const enter = (client?: object): Ticket => {
    const lastMs = client === undefined ? undefined : answeredMs.get(client)
    let state: 'outside' | 'gathered' | 'scattered' | 'left' = 'outside'
    let batches = 0
    open += 1
    return {
      backAfterMs: lastMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - lastMs,
      join() {
        batches += 1
      },
      gather() {
        if (state !== 'outside' || batches === 0) return
        state = 'gathered'
        gathered += 1
        changed()
      },
      scatter() {
        batches -= 1
        if (batches > 0 || state !== 'gathered') return
        gathered -= 1
        state = 'scattered'
      },
      leave() {
        if (state === 'left') return
        if (state === 'gathered') gathered -= 1
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
      return open - gathered
    },
    enter,
    watch(onNoneOutside) {
      watchers.push(onNoneOutside)
    },
  }
}

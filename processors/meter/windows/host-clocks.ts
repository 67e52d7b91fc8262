/** Which hosts of a worker have wrong clocks, and how that is reported: rows of stream `host_clocks`, and events. */
import type { Events } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { hostClocks } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import type { Step } from '../../loop/step.ts'
import { hostKey } from '../samples/keys.ts'
import type { HostState } from '../state/host-state.ts'
import { type ClockState, type ClockVerdict, ClockWatch } from './clock-watch.ts'

type HostClockRow = RowOf<typeof hostClocks>

/** What was last reported about a host whose clock is wrong. */
interface Told extends ClockVerdict {
  readonly atMs: number
}

const CLOCK = '\u0000clock\u0000'
const TELL_AGAIN_MS = 3_600_000
/** A smaller change is not reported at once. */
const MUCH_MS = 60_000

/** The clocks of all hosts of one worker. The state of the group has only the hosts whose clock is wrong. */
export class HostClocks {
  readonly #events: Events
  readonly #watches = new Map<string, ClockWatch>()
  /** By host key; of hosts whose clocks are right, none. */
  readonly #told = new Map<string, Told>()
  #changes = new Map<string, Uint8Array | null>()
  #rows: HostClockRow[] = []

  constructor(events: Events, stored: ReadonlyMap<string, Uint8Array>) {
    this.#events = events
    for (const [key, bytes] of stored) {
      if (!key.startsWith(CLOCK)) continue
      this.#told.set(key.slice(CLOCK.length), JSON.parse(Buffer.from(bytes).toString()) as Told)
    }
  }

  /** A record that came then has told of these hosts. What a forwarding node passes on may have waited there. */
  saw(states: ReadonlyMap<string, HostState>, arrivedMs: number, isForwarded: boolean): void {
    for (const [key, state] of states) {
      // The clock that stamps records says nothing of this one.
      if (state.arrivedMs !== arrivedMs || state.cameMs === null) continue
      let watch = this.#watches.get(key)
      if (watch === undefined) {
        watch = new ClockWatch()
        this.#watches.set(key, watch)
      }
      if (!watch.isDue(arrivedMs)) continue
      const verdict = watch.look(arrivedMs, state.cameMs - arrivedMs)
      if (verdict !== null && !(isForwarded && verdict.state === 'behind')) {
        this.#judge(key, state, verdict, arrivedMs)
      }
    }
  }

  /** Writes what there is to tell into the partition. */
  finish(partition: number, timestampMs: number, step: Step): void {
    for (const [key, bytes] of this.#changes) step.state.set(key, bytes)
    if (this.#rows.length > 0) {
      step.emit(hostClocks.name, partition, { value: encodeRows(hostClocks, this.#rows), timestampMs })
      this.#report(this.#rows)
    }
    this.#changes = new Map()
    this.#rows = []
  }

  /** Nothing is known of a host any more. */
  forget(key: string): void {
    this.#watches.delete(key)
    if (this.#told.delete(key)) this.#changes.set(CLOCK + key, null)
  }

  /** Forgets the hosts of a tenant, including what is not written yet. */
  erase(tenant: string): void {
    const prefix = hostKey(tenant, '')
    for (const known of [this.#watches, this.#told]) {
      for (const key of known.keys()) if (key.startsWith(prefix)) this.forget(key)
    }
    this.#rows = this.#rows.filter(row => row.Tenant !== tenant)
  }

  #judge(key: string, { tenant, host, hostName }: HostState, verdict: ClockVerdict, atMs: number): void {
    const { state, offsetMs } = verdict
    const told = this.#told.get(key)
    if (told === undefined && state === 'right') return
    const isSame = told !== undefined && told.state === state && Math.abs(told.offsetMs - offsetMs) < MUCH_MS
    if (isSame && atMs < told.atMs + TELL_AGAIN_MS && atMs >= told.atMs) return
    this.#rows.push({
      Tenant: tenant,
      Host: host,
      HostName: hostName,
      Time: Math.floor(atMs / 1000),
      State: state,
      OffsetMs: BigInt(Math.round(offsetMs)),
    })
    if (state === 'right') {
      this.#told.delete(key)
      this.#changes.set(CLOCK + key, null)
      return
    }
    const now: Told = { state, offsetMs, atMs }
    this.#told.set(key, now)
    this.#changes.set(CLOCK + key, Buffer.from(JSON.stringify(now)))
  }

  /** One event a state, however many hosts: a clock of the centre that is wrong makes all of them so at once. */
  #report(rows: readonly HostClockRow[]): void {
    for (const [state, some] of Map.groupBy(rows, row => row.State as ClockState)) {
      const { Tenant, Host, OffsetMs } = some[0]!
      const facts = { tenant: Tenant, host: Host, offset_ms: OffsetMs, amount: some.length }
      if (state === 'right') this.#events.emit('hostClockRight', facts)
      else this.#events.emit('hostClockOff', { state, ...facts })
    }
  }
}

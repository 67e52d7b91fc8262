/**
 * What the states of hosts take in memory, by tenant, over all partitions of this process. Who invents hosts, workloads or
 * meters without end must not take the memory that metering everybody else needs: beyond a bound nothing new of that
 * tenant is metered, and what is known of it goes on.
 */

import type { Events } from '../../../core/catalogue/events/events.ts'
import { heapLimitBytes } from '../../../core/runtime/available-memory.ts'
import { countOf } from '../samples/samples.ts'
import type { HostState } from './host-state.ts'

/**
 * What a tenant's readings may still add. `all`: hosts, series, labels, samples. `known`: no new host and no new series.
 * `least`: nor new labels, nor samples beyond a few of each series.
 */
export type Capacity = 'all' | 'known' | 'least'

/** What a tenant may still add, asked for each record. */
export type CapacityOf = (tenant: string) => Capacity

/**
 * From test/bench/meter-memory.ts: a host, a series, the shortcut to one, what a byte of stored state stands for, and what a
 * sample takes beyond that.
 */
const HOST_BYTES = 2_500
const SERIES_BYTES = 1_100
const SHORTCUT_BYTES = 480
const PER_STORED_BYTE = 4
const SAMPLE_BYTES = 32

/** At twice the bound only books are kept, so that one tenant at its worst takes half of what there is. */
const defaultLimitBytes = (): number => heapLimitBytes() / 4

/** Estimated bytes of host states by tenant. `limitBytes`: `metering.state_bytes`; by default a quarter of the heap. */
export class StateBudget {
  readonly #limitBytes: number
  readonly #events: Events
  readonly #bytes = new Map<string, number>()
  /** Tenants that are reported as having no capacity left. */
  readonly #full = new Set<string>()

  constructor(limitBytes: number | undefined, events: Events) {
    this.#limitBytes = limitBytes ?? defaultLimitBytes()
    this.#events = events
  }

  readonly capacityOf: CapacityOf = tenant => {
    const bytes = this.#bytes.get(tenant) ?? 0
    if (bytes < this.#limitBytes) return 'all'
    return bytes < 2 * this.#limitBytes ? 'known' : 'least'
  }

  /** Notes what a host's state takes from now on, given the bytes that it is stored in. */
  note(state: HostState, storedBytes: number): void {
    const series = state.series.size * SERIES_BYTES
    const shortcuts = Math.max(state.series.size, state.lookup?.entries.length ?? 0) * SHORTCUT_BYTES
    const samples = state.journal.count + (state.encoded?.samples ?? samplesOf(state))
    const stored = storedBytes * PER_STORED_BYTE + samples * SAMPLE_BYTES
    this.#change(state, HOST_BYTES + series + shortcuts + stored)
  }

  /** Notes that a host's state is no longer held. */
  release(state: HostState): void {
    this.#change(state, 0)
  }

  /** Estimated bytes by tenant. */
  samples(): ReadonlyMap<string, number> {
    return this.#bytes
  }

  /** A line for operators about each tenant that has no capacity left. */
  notes(): readonly string[] {
    return [...this.#full].map(
      tenant =>
        `Tenant ${tenant} has used up metering.state_bytes: new hosts and workloads of it are not metered. Find who ` +
        'sends ever new ones, or raise the bound.',
    )
  }

  #change(state: HostState, bytes: number): void {
    const { tenant } = state
    const before = this.#bytes.get(tenant) ?? 0
    const after = before + bytes - state.noted
    state.noted = bytes
    if (after > 0) this.#bytes.set(tenant, after)
    else this.#bytes.delete(tenant)
    this.#tell(tenant, after)
  }

  #tell(tenant: string, bytes: number): void {
    const isFull = bytes >= this.#limitBytes
    if (isFull === this.#full.has(tenant)) return
    // No event for every host that comes and goes near the bound.
    if (!isFull && bytes > this.#limitBytes * 0.9) return
    if (isFull) this.#full.add(tenant)
    else this.#full.delete(tenant)
    this.#events.emit(isFull ? 'meterFull' : 'meterHasRoom', { tenant, bytes, limit: this.#limitBytes })
  }
}

function samplesOf({ series }: HostState): number {
  let samples = 0
  for (const one of series.values()) samples += countOf(one.samples) + countOf(one.ahead)
  return samples
}

/** What `meter` knows of one host between two records: open windows only, never history. */

import { SampleJournal } from '../samples/journal.ts'
import type { Series } from '../samples/series.ts'
import type { HostLookup } from './lookup.ts'
import { type ElapsedTime, NO_TIME } from './own-time.ts'

/** Labels of a workload, from its newest reading. */
export interface WorkloadLabels {
  /** Instant of that reading: its minute, and the nanoseconds into it. */
  minute: number
  ns: number
  attributes: Readonly<Record<string, string>>
}

/** One host of one tenant. Stored by codec.ts, except for the fields that say so. */
export interface HostState {
  readonly tenant: string
  readonly host: string
  hostName: string
  /** Reading that `hostName` came with. */
  hostNameNano: bigint
  /** Record time: the largest timestamp of a sample taken, none of them ahead of its arrival. */
  recordNano: bigint
  /** Wall-clock milliseconds from which on silence counts, for noticing silence only. */
  lastRecordMs: number
  /** When the last record came, by the clock that stamped it; and the time that passed by arrivals, see host-clock.ts. */
  arrivedMs: number
  clockMs: number
  /** All windows below this one are closed; null: none yet. */
  closedBefore: number | null
  /** By series key and by workload key, see keys.ts. */
  readonly series: Map<string, Series>
  readonly workloads: Map<string, WorkloadLabels>
  /** Idle power of its GPU boards as seen so far, mW, by domain: see shares/gpu-idle.ts. */
  readonly gpuIdle: Map<string, bigint>
  /**
   * Computed from the above when it is needed. Null after a change of anything but numbers of samples and times: of which
   * series and workloads there are, of their labels, of the host's name, of idle power.
   */
  derived: Derived | null
  /** Samples that the series do not have yet, see settle.ts. */
  readonly journal: SampleJournal
  /** The series in order of key; null: not known. */
  ordered: readonly Series[] | null
  /** What the series were encoded to, without the journal; null: not yet, or they have changed. See codec.ts. */
  encoded: EncodedSeries | null
  /** Shortcuts of lookup.ts; null after something was forgotten. Never stored. */
  lookup: HostLookup | null
  /** `clockMs` at which the clock that stamps records leapt ahead, see host-clock.ts; null: it did not, lately. Never stored. */
  leaptMs: number | null
  /** Milliseconds of the newest instant that the last record told of, be it ahead or not. Never stored. */
  cameMs: number | null
  /** Whether some series may hold samples that are ahead. Never stored. */
  hasAhead: boolean
  /** The worker's own time at the last record. Never stored. */
  heard: ElapsedTime
  /** Bytes that the budget has noted for it, see budget.ts. Never stored. */
  noted: number
  /** Further names that readings say of it, until they are announced (names/joiner.ts). Never stored. */
  readonly aliases: Set<string>
}

/** What is computed from series and labels. A change of either discards it. */
export interface Derived {
  /** In order of key. */
  readonly series: readonly Series[]
  readonly labels: readonly WorkloadLabels[]
  /** The half of the stored state that rarely changes, see codec.ts. */
  readonly names: Uint8Array
  readonly namesCrc: number
}

/** The part of a host's stored state that holds its series. */
export interface EncodedSeries {
  readonly bytes: Uint8Array
  /** Samples in it. */
  readonly samples: number
}

/** By host key. The loop fills it from stored state. */
export type HostStates = Map<string, HostState>

/** A host without readings. */
export const newHostState = (tenant: string, host: string): HostState => ({
  tenant,
  host,
  hostName: '',
  hostNameNano: -1n,
  recordNano: -1n,
  lastRecordMs: 0,
  arrivedMs: 0,
  clockMs: 0,
  closedBefore: null,
  series: new Map(),
  workloads: new Map(),
  gpuIdle: new Map(),
  derived: null,
  journal: new SampleJournal(),
  ordered: null,
  encoded: null,
  lookup: null,
  leaptMs: null,
  cameMs: null,
  hasAhead: true,
  heard: NO_TIME,
  noted: 0,
  aliases: new Set(),
})

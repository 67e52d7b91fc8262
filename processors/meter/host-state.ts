/** What `meter` knows of one host between two records: open windows only, never history. */
import type { Series } from './series.ts'

/** Words for people about a workload, from its newest reading. */
export interface WorkloadWords {
  timeNano: bigint
  attributes: Readonly<Record<string, string>>
}

export interface HostState {
  readonly tenant: string
  readonly host: string
  hostName: string
  /** Reading that `hostName` came with. */
  hostNameNano: bigint
  /** Record time: the largest timestamp of a reading seen. */
  recordNano: bigint
  /** Wall-clock milliseconds of the last record, for noticing silence only. */
  lastRecordMs: number
  /** All windows below this one are closed; null: none yet. */
  closedBefore: number | null
  /** By series key and by workload key, see keys.ts. */
  readonly series: Map<string, Series>
  readonly workloads: Map<string, WorkloadWords>
}

/** By host key. The loop fills it from stored state. */
export type HostStates = Map<string, HostState>

export const newHostState = (tenant: string, host: string): HostState => ({
  tenant,
  host,
  hostName: '',
  hostNameNano: -1n,
  recordNano: -1n,
  lastRecordMs: 0,
  closedBefore: null,
  series: new Map(),
  workloads: new Map(),
})

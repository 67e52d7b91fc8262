/** Who is who: hosts and workloads with the names that were joined. */

/** `GET /api/v1/hosts`. */
export interface HostsAnswer {
  readonly hosts: readonly HostAnswer[]
  /** Names that several hosts claim: they stand for none of them. */
  readonly contested: readonly ContestedName[]
}

/** A machine as books have it. */
export interface HostAnswer {
  readonly host: string
  readonly host_name: string
  /** Names under which readings of it arrived, and why they are its. */
  readonly names: readonly JoinedName[]
  readonly meters: readonly MeterSources[]
  readonly last_seen: string
}

/** A name that stands for a host. */
export interface JoinedName {
  readonly name: string
  /** Each step: who it is taken for, by `name`, `alias`, `cloud_id` or `configuration`. */
  readonly steps: readonly { readonly to: string; readonly by: string }[]
}

/** A name and the hosts that claim it. */
export interface ContestedName {
  readonly name: string
  readonly hosts: readonly string[]
}

/** A meter of a host, and the sources that report it: one of them counts at a time. */
export interface MeterSources {
  readonly domain: string
  readonly sources: readonly string[]
}

/** `GET /api/v1/workloads`. */
export interface WorkloadsAnswer {
  readonly workloads: readonly WorkloadAnswer[]
  /** More than were listed. */
  readonly total: number
}

/** A workload of a host, with the other descriptions of it. */
export interface WorkloadAnswer {
  readonly host: string
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly namespace: string
  /** Ids by which other sources call it. */
  readonly also: readonly string[]
  readonly sources: readonly string[]
  /** `counted`; `left_out`: another description of the same CPU counts; `joined`: another name of a workload in this list. */
  readonly state: 'counted' | 'left_out' | 'joined'
}

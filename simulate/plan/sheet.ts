/** What is asked of a plan, the lines of its answer, and what all of its parts count with. */

/** What is asked of a plan: the fleet, retention and replication. */
export interface Demand {
  readonly hosts: number
  /** Containers a host. */
  readonly workloads: number
  /** Between two samples. */
  readonly intervalSeconds: number
  readonly spansPerSecond: number
  readonly signalsDays: number
  readonly ledgerDays: number
  /** Replicas of every topic. */
  readonly replication: number
  /** Replicas of every shard of the tables. */
  readonly replicas: number
  /** Hours that records stay in the log. */
  readonly logHours: number
  /** `group_commit.wait_ms`: how long a batch of a collector stays open under load. */
  readonly waitSeconds: number
  /** Of each stream; 0: as many as are needed. */
  readonly partitions: number
  /** Of `readings`, `energy` and `ledger` (`broker.host_partitions`); 0: as the others. */
  readonly hostPartitions: number
}

/** The fleet that is planned where `--plan` does not say otherwise. */
export const DEFAULT_DEMAND: Demand = {
  hosts: 100_000,
  workloads: 30,
  intervalSeconds: 5,
  spansPerSecond: 10_000_000,
  signalsDays: 30,
  ledgerDays: 400,
  replication: 3,
  replicas: 2,
  logHours: 1,
  waitSeconds: 0.1,
  partitions: 0,
  hostPartitions: 0,
}

interface PlanLine {
  readonly group: string
  readonly what: string
  readonly value: number
  readonly unit: string
  /** How the value comes about, with numbers. */
  readonly formula: string
}

/** Lines by key, in the order in which they are shown. */
export type PlanSheet = ReadonlyMap<string, PlanLine>

/** Each second: spans, points that are readings, ledger entries. */
export interface Rates {
  readonly spans: number
  readonly points: number
  readonly entries: number
}

/** Seconds of a day. */
export const DAY_SECONDS = 86_400
/** Bytes of a megabyte, items of a million. */
export const MEGA = 1e6
/** Bytes of a terabyte. */
export const TERA = 1e12
/** Packages, memory of two sockets; four CPU modes. */
export const HOST_POINTS = 8
/** CPU time and memory. */
export const WORKLOAD_POINTS = 2
/** `cpu` and `dram`. */
export const COMPONENTS = 2

/** Lines in order, each under the group that was named last. */
export class Sheet {
  readonly lines = new Map<string, PlanLine>()
  #group = ''

  group(name: string): void {
    this.#group = name
  }

  /** Adds a line and returns its value. */
  line(key: string, what: string, unit: string, value: number, formula: string): number {
    this.lines.set(key, { group: this.#group, what, value, unit, formula })
    return value
  }
}

/** `1.36 M`, `23.5`, `0.004`: for formulas, three digits that matter. */
export function short(value: number): string {
  for (const [size, sign] of [
    [1e12, ' T'],
    [1e9, ' G'],
    [1e6, ' M'],
  ] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${sign}`
  }
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}

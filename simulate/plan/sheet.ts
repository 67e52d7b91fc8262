/** The demand of a plan, the lines of its answer, and constants shared by its parts. */

/** The demand of a plan: the fleet, retention and replication. */
export interface Demand {
  readonly hosts: number
  /** Containers per host. */
  readonly workloads: number
  /** Time between two samples. */
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
  /** `group_commit.wait_ms`: how long a collector's batch stays open under load. */
  readonly waitSeconds: number
  /** Per stream; 0: as many as needed. */
  readonly partitions: number
  /** For `readings`, `energy` and `ledger` (`broker.host_partitions`); 0: the same as the others. */
  readonly hostPartitions: number
}

/** The planned fleet unless `--plan` says otherwise. */
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
  /** How the value is computed, with numbers. */
  readonly formula: string
}

/** Lines by key, in display order. */
export type PlanSheet = ReadonlyMap<string, PlanLine>

/** Per second: spans, points that are readings, ledger entries. */
export interface Rates {
  readonly spans: number
  readonly points: number
  readonly entries: number
}

/** Seconds per day. */
export const DAY_SECONDS = 86_400
/** Bytes per megabyte, items per million. */
export const MEGA = 1e6
/** Bytes per terabyte. */
export const TERA = 1e12
/** Packages, memory of two sockets; four CPU modes. */
export const HOST_POINTS = 8
/** CPU time and memory. */
export const WORKLOAD_POINTS = 2
/** `cpu` and `dram`. */
export const COMPONENTS_PER_HOST = 2

/** Lines in order, each under the last named group. */
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

/** `1.36 M`, `23.5`, `0.004`: three significant digits, for formulas. */
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

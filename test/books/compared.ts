/** Random hosts, metered as their readings arrive, compared row by row with the books of all their readings at once. */
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { at, drive } from '../processors/meter/support.ts'
import { type Row, recomputed } from './oracle.ts'
import { type Arrival, randomHost } from './scenes.ts'

/** Records arrive at a fixed interval of seconds. */
const SLOT_SECONDS = 5
const GAP_SECONDS = 70
/** Of a scene. */
export const HOSTS = 20
export const MINUTES = 6
/** After this number of scenes, all state is stored and read back after each record. */
const ROUND_TRIPS = 10

export interface Compared {
  /** Number of host minutes whose rows were compared, and of rows. */
  readonly minutes: number
  readonly rows: number
  /** Host minutes of hosts with late data, which recomputing adds to the books. */
  readonly late: number
  /** The first difference; null if there is none. */
  readonly difference: {
    readonly host: string
    readonly metered: readonly Row[]
    readonly right: readonly Row[]
  } | null
}

/** Hosts of one scene share their records, like those of a fleet. */
export function compareScene(seed: number, hosts: number, minutes: number): Compared {
  const arrivals = Array.from({ length: hosts }, (_, host) =>
    randomHost(seed * 1_000 + host, `h${host}`, minutes),
  ).flat()
  const run = drive({ metering: { gap: GAP_SECONDS }, roundTrip: seed % ROUND_TRIPS === 0 })
  for (const [slot, some] of slots(arrivals)) {
    run.record(
      some.map(({ row }) => row),
      Number(at(slot * SLOT_SECONDS) / 1_000_000n),
    )
  }
  for (const { host } of [...run.states.values()]) run.flush(minutes * 60 + 7_200, { host })
  const metered = Map.groupBy(run.energy, ({ Host }) => Host)
  const late = Map.groupBy(run.late, ({ Host }) => Host)
  const found = { minutes: 0, rows: 0, late: 0 }
  for (const [host, some] of Map.groupBy(arrivals, ({ row }) => row.Host)) {
    const told = late.get(host) ?? []
    // Also data dated ahead by a clock that was set back: recomputing includes it, the books left it out.
    if (told.some(({ Reason }) => Reason !== 'implausible')) {
      found.late += minutes
      continue
    }
    const kept = some.map(({ row }) => row)
    const right = [...recomputed(kept, { gapNs: BigInt(GAP_SECONDS) * 1_000_000_000n }).values()].flat()
    const rows = (metered.get(host) ?? []).map(rowOf)
    const difference = differenceOf(rows, right)
    if (difference !== null) return { ...found, difference: { host, ...difference } }
    found.minutes += new Set(right.map(({ WindowStart }) => WindowStart)).size
    found.rows += right.length
  }
  return { ...found, difference: null }
}

const slots = (arrivals: readonly Arrival[]) =>
  [...Map.groupBy(arrivals, ({ arrives }) => Math.ceil(arrives / SLOT_SECONDS))].sort(([a], [b]) => a - b)

const rowOf = (row: EnergyRow): Row => ({
  WindowStart: row.WindowStart,
  Component: row.Component,
  Share: row.Share,
  WorkloadId: row.WorkloadId,
  EnergyUj: row.EnergyUj,
  CpuUs: row.CpuUs,
  Coverage: row.Coverage,
  EnergyQuality: row.EnergyQuality,
  EnergySource: row.EnergySource,
  Method: row.Method,
  CapacityUs: row.CapacityUs,
})

/** Rows of the first different minute. */
function differenceOf(metered: readonly Row[], right: readonly Row[]) {
  for (const minute of new Set([...right, ...metered].map(({ WindowStart }) => WindowStart))) {
    const of = (rows: readonly Row[]): Row[] => rows.filter(({ WindowStart }) => WindowStart === minute)
    const [a, b] = [of(metered), of(right)]
    if (textOf(a) !== textOf(b)) return { metered: a, right: b }
  }
  return null
}

export const textOf = (rows: readonly Row[]): string =>
  rows.map(row => Object.values(row).join(' ')).join('\n')

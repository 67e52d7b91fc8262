/**
 * The books of a host from all of its readings at once, by the rules of processors/meter/README.md and without its
 * code: slow, exact, stateless. The meter must have booked this result, in whatever order the readings arrived.
 */
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import type { Reading } from '../processors/meter/support.ts'

const MINUTE = 60_000_000_000n
const SECOND = 1_000_000_000n

export interface Rules {
  readonly gapNs: bigint
}

interface Stretch {
  readonly from: bigint
  readonly to: bigint
  readonly amount: bigint
  readonly isInterpolated: boolean
}

/** Energy of one meter in one minute. */
interface Part {
  readonly amount: bigint
  readonly seen: bigint
  readonly isInterpolated: boolean
}

type Samples = [time: bigint, value: bigint][]

/** Shares by largest remainder, ties to the first. */
export function shared(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((a, b) => a + b, 0n)
  if (sum === 0n) return weights.map(() => 0n)
  const parts = weights.map((weight, index) => ({
    index,
    part: (total * weight) / sum,
    rest: (total * weight) % sum,
  }))
  let left = total - parts.reduce((a, { part }) => a + part, 0n)
  const byRest = parts.toSorted((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))
  for (const one of byRest) {
    if (left === 0n) break
    one.part += 1n
    left -= 1n
  }
  return parts.map(({ part }) => part)
}

function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n)
const atMost = (amount: bigint, span: bigint, most: bigint): boolean =>
  amount * SECOND <= most * larger(span, SECOND)

function mostOf(quantity: string, domain: string): bigint {
  if (quantity === 'cpu_time') return 8_192n * 1_000_000n
  const watts = /^package/.test(domain)
    ? 1_000n
    : /^dram/.test(domain)
      ? 500n
      : /^gpu/.test(domain)
        ? 3_000n
        : 100_000n
  return watts * 1_000_000n
}

/** In order, with one value for each instant: the largest. */
function sorted(rows: readonly Reading[]): Samples {
  const values = new Map<bigint, bigint>()
  for (const { Timestamp, Value } of rows) {
    const there = values.get(Timestamp)
    values.set(Timestamp, larger(Value, there ?? Value))
  }
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Booked energy of a counter, stretch by stretch. */
function rises(rows: readonly Reading[], { gapNs }: Rules): Stretch[] {
  const [{ Quantity, Domain, WorkloadKind }] = rows as [Reading]
  const most = mostOf(Quantity, Domain)
  const range = rows.reduce((largest, { RangeMax }) => larger(largest, RangeMax), 0n)
  const forget = (WorkloadKind === '' ? 1_440n : 60n) * MINUTE
  const step = (
    [from, before]: Samples[number],
    [to, after]: Samples[number],
  ): bigint | 'epoch' | 'impossible' => {
    if (after >= before) return atMost(after - before, to - from, most) ? after - before : 'impossible'
    const wrapped = after - before + range
    return range > 0n && before <= range && wrapped >= 0n && atMost(wrapped, to - from, most)
      ? wrapped
      : 'epoch'
  }
  const left = sorted(rows)
  const found: Stretch[] = []
  while (left.length > 1) {
    const [first, second, third] = left as [Samples[number], Samples[number], Samples[number] | undefined]
    if (second[0] - first[0] > forget) {
      left.shift()
      continue
    }
    const amount = step(first, second)
    if (typeof amount === 'bigint') {
      const [from, to] = [first[0], second[0]]
      found.push({ from, to, amount, isInterpolated: to - from > gapNs })
    } else if (third !== undefined && third[0] - first[0] <= forget) {
      const [next, around] = [step(second, third), step(first, third)]
      const isOdd = typeof next !== 'bigint' && (amount === 'impossible' || next === 'impossible')
      if (isOdd && typeof around === 'bigint' && third[1] >= first[1]) {
        left.splice(1, 1)
        continue
      }
    }
    left.shift()
  }
  return found
}

/** Rounded half to even. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const floor = numerator / denominator
  const twice = 2n * (numerator - floor * denominator)
  return twice > denominator || (twice === denominator && floor % 2n === 1n) ? floor + 1n : floor
}

/** Stretches split at minutes: counters by largest remainder, gauges by the area up to each edge. */
function byMinute(stretches: readonly Stretch[]): Map<number, Stretch[]> {
  const minutes = new Map<number, Stretch[]>()
  for (const { from, to, amount, isInterpolated } of stretches) {
    const edges = [from]
    for (let edge = (from / MINUTE + 1n) * MINUTE; edge < to; edge += MINUTE) edges.push(edge)
    edges.push(to)
    const amounts = shared(
      amount,
      edges.slice(1).map((edge, index) => edge - edges[index]!),
    )
    for (const [index, part] of amounts.entries())
      add(minutes, edges[index]!, edges[index + 1]!, part, isInterpolated)
  }
  return minutes
}

function areasByMinute(rows: readonly Reading[], { gapNs }: Rules): Map<number, Stretch[]> {
  const minutes = new Map<number, Stretch[]>()
  const samples = sorted(rows).filter(
    ([, value]) => value >= 0n && value * 1_000n <= mostOf('power', rows[0]!.Domain),
  )
  for (const [index, [to, end]] of samples.entries()) {
    const before = samples[index - 1]
    if (before === undefined || to - before[0] > gapNs) continue
    const [from, start] = before
    let [edge, done] = [from, 0n]
    while (edge < to) {
      const whole = (edge / MINUTE + 1n) * MINUTE
      const next = smaller(whole, to)
      const elapsed = next - from
      const twice = 2n * start * elapsed * (to - from) + (end - start) * elapsed * elapsed
      const area = rounded(twice, 2n * (to - from) * 1_000_000n)
      add(minutes, edge, next, area - done, false)
      ;[edge, done] = [next, area]
    }
  }
  return minutes
}

function add(
  minutes: Map<number, Stretch[]>,
  from: bigint,
  to: bigint,
  amount: bigint,
  isInterpolated: boolean,
): void {
  const minute = Number(from / MINUTE)
  minutes.set(minute, [...(minutes.get(minute) ?? []), { from, to, amount, isInterpolated }])
}

const seenIn = (stretches: readonly Stretch[]): bigint => sum(stretches.map(({ from, to }) => to - from))

/** Epochs of one meter in one minute: the one with the longest coverage, and from the others what it does not cover. */
function oneEpoch(epochs: readonly (readonly [boot: string, stretches: readonly Stretch[]])[]): Part {
  const ranked = epochs.toSorted(([bootA, a], [bootB, b]) => {
    const [seenA, seenB] = [seenIn(a), seenIn(b)]
    return seenA === seenB ? (bootA < bootB ? -1 : 1) : seenA > seenB ? -1 : 1
  })
  let taken: Stretch[] = []
  for (const [, stretches] of ranked) {
    const fresh: Stretch[] = []
    for (const stretch of stretches) {
      const instants = [stretch.from, stretch.to, ...taken.flatMap(({ from, to }) => [from, to])]
        .filter(instant => instant >= stretch.from && instant <= stretch.to)
        .sort((a, b) => (a < b ? -1 : 1))
      const cuts = [...new Set(instants)]
      const pieces: { from: bigint; to: bigint; isTaken: boolean }[] = []
      for (const [index, to] of cuts.slice(1).entries()) {
        const from = cuts[index]!
        const isTaken = taken.some(other => other.from <= from && other.to >= to)
        pieces.push({ from, to, isTaken })
      }
      const amounts = shared(
        stretch.amount,
        pieces.map(({ from, to }) => to - from),
      )
      for (const [index, { from, to, isTaken }] of pieces.entries()) {
        if (!isTaken) fresh.push({ ...stretch, from, to, amount: amounts[index]! })
      }
    }
    taken = [...taken, ...fresh]
  }
  return {
    amount: sum(taken.map(({ amount }) => amount)),
    seen: seenIn(taken),
    isInterpolated: taken.some(({ isInterpolated }) => isInterpolated),
  }
}

interface Meter {
  readonly domain: string
  readonly device: string
  readonly part: Part
}

interface Told {
  readonly source: string
  readonly quality: string
  readonly meters: readonly Meter[]
}

const RANKS: Readonly<Record<string, number>> = { measured: 0, estimated: 1, simulated: 2 }
const longest = (meters: readonly Meter[]): bigint =>
  meters.reduce((most, { part }) => larger(most, part.seen), 0n)

/** The one that counts of several sources. */
function best(told: readonly Told[]): Told {
  return told.toSorted((a, b) => {
    const byRank = RANKS[a.quality]! - RANKS[b.quality]!
    if (byRank !== 0) return byRank
    const [seenA, seenB] = [longest(a.meters), longest(b.meters)]
    return seenA === seenB ? (a.source < b.source ? -1 : 1) : seenA > seenB ? -1 : 1
  })[0]!
}

const qualityOf = ({ quality, meters }: Told): string =>
  quality !== 'measured'
    ? quality
    : meters.some(({ part }) => part.isInterpolated)
      ? 'interpolated'
      : 'measured'
const ORDER = ['measured', 'interpolated', 'estimated', 'simulated']
const worst = (qualities: readonly string[]): string =>
  ORDER[Math.max(0, ...qualities.map(one => ORDER.indexOf(one)))]!

/** The compared columns of a row. */
export type Row = Pick<
  EnergyRow,
  | 'WindowStart'
  | 'Component'
  | 'Share'
  | 'WorkloadId'
  | 'EnergyUj'
  | 'CpuUs'
  | 'Coverage'
  | 'EnergyQuality'
  | 'EnergySource'
  | 'Method'
  | 'CapacityUs'
>

/** Rows of a host's readings, by minute, in the meter's order. */
export function recomputed(rows: readonly Reading[], rules: Rules): Map<number, Row[]> {
  // place -> minute -> source -> meters
  const places = new Map<string, Map<number, Map<string, Told>>>()
  for (const [place, ofPlace] of Map.groupBy(rows, placeOf)) {
    const minutes = new Map<number, Map<string, Told>>()
    places.set(place, minutes)
    for (const ofMeter of Map.groupBy(ofPlace, meterOf).values()) {
      const epochs = [...Map.groupBy(ofMeter, ({ BootId }) => BootId)].map(([boot, some]) => {
        const isGauge = some[0]!.Quantity === 'power'
        return [boot, isGauge ? areasByMinute(some, rules) : byMinute(rises(some, rules))] as const
      })
      const { Domain: domain, Device: device, Source: source, Quality: quality } = ofMeter[0]!
      for (const minute of new Set(epochs.flatMap(([, found]) => [...found.keys()]))) {
        const there = epochs.flatMap(([boot, found]) => {
          const stretches = found.get(minute)
          return stretches === undefined ? [] : [[boot, stretches] as const]
        })
        const told = minutes.get(minute) ?? new Map<string, Told>()
        minutes.set(minute, told)
        const key = `${quality} ${source}`
        const meters = [...(told.get(key)?.meters ?? []), { domain, device, part: oneEpoch(there) }]
        told.set(key, { source, quality, meters })
      }
    }
  }
  const minutes = new Set([...places.values()].flatMap(found => [...found.keys()]))
  const books = new Map<number, Row[]>()
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    const told = new Map<string, Told>()
    for (const [place, found] of places) {
      const sources = found.get(minute)
      if (sources !== undefined) told.set(place, best([...sources.values()]))
    }
    books.set(minute, rowsOf(minute, told))
  }
  return books
}

const placeOf = ({ Quantity, Domain, WorkloadKind, WorkloadId }: Reading): string =>
  WorkloadKind === '' && Quantity !== 'cpu_time' ? `${Quantity} ${Domain}` : `cpu ${WorkloadId}`

const meterOf = ({ Source, Quality, Domain, Device }: Reading): string =>
  [Source, Quality, Domain, Device].join(' ')

function rowsOf(minute: number, told: ReadonlyMap<string, Told>): Row[] {
  const cpu = told.get('cpu ')
  const modes = cpu?.meters ?? []
  const capacity = sum(modes.map(({ part }) => part.amount))
  const busy = sum(modes.filter(({ domain }) => domain !== 'idle').map(({ part }) => part.amount))
  const seen = longest(modes)
  const cpuQuality = cpu === undefined ? 'measured' : qualityOf(cpu)
  const workloads = [...told]
    .filter(([place]) => place.startsWith('cpu ') && place !== 'cpu ')
    .map(([place, one]) => ({ id: place.slice(4), us: sum(one.meters.map(({ part }) => part.amount)), one }))
    .filter(({ us, one }) => {
      const used = longest(one.meters)
      return capacity === 0n || seen < SECOND || us * seen * 10n <= capacity * larger(used, SECOND) * 11n
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const known = sum(workloads.map(({ us }) => us))
  const isOver = capacity > 0n && known * 100n > busy * 105n + 10_000_000n
  const components: { name: string; energy: bigint; seen: bigint; quality: string; sources: string[] }[] = []
  for (const name of ['package', 'gpu']) {
    const domains = new Map<string, Told>()
    for (const quantity of ['energy', 'power']) {
      for (const [place, one] of told) {
        const domain = place.slice(quantity.length + 1)
        if (place.startsWith(`${quantity} ${name}`) && !domains.has(domain)) domains.set(domain, one)
      }
    }
    const found = [...domains.values()]
    if (found.length === 0) continue
    const seens = found.map(({ meters }) => meters[0]!.part.seen)
    components.push({
      name: name === 'package' ? 'cpu' : name,
      energy: sum(found.flatMap(({ meters }) => meters.map(({ part }) => part.amount))),
      seen: seens.reduce(smaller),
      quality: worst(found.map(qualityOf)),
      sources: [...new Set(found.map(({ source }) => source))].sort(),
    })
  }
  if (components.length === 0) {
    if (capacity === 0n && workloads.length === 0) return []
    components.push({ name: 'cpu', energy: 0n, seen: 0n, quality: 'none', sources: [] })
  }
  return components.flatMap(({ name, energy, seen: covered, quality, sources }, index) => {
    const splits = name === 'cpu' && capacity > 0n
    const method = splits ? (isOver ? 'ratio+over_busy' : 'ratio') : 'none'
    const active = splits ? shared(energy, [busy, capacity - busy])[0]! : 0n
    const unknown = busy > known ? busy - known : 0n
    const parts =
      known === 0n || active === 0n
        ? [...workloads.map(() => 0n), active]
        : shared(active, [...workloads.map(({ us }) => us), unknown])
    const unattributed = splits ? parts.at(-1)! : energy
    // What CPUs did says nothing about the energy of GPUs.
    const ofUse = name === 'gpu' ? [] : [cpuQuality]
    const row = (
      Share: string,
      WorkloadId: string,
      EnergyUj: bigint,
      CpuUs: bigint,
      worse: string[],
    ): Row => ({
      WindowStart: minute * 60,
      Component: name,
      Share,
      WorkloadId,
      EnergyUj,
      CpuUs,
      Coverage: Math.min(1, Number(covered) / 6e10),
      EnergyQuality: quality === 'none' ? 'none' : worst([quality, ...ofUse, ...worse]),
      EnergySource: sources.join('+'),
      Method: method,
      CapacityUs: capacity,
    })
    const carries = index === 0
    const leftUs = carries ? unknown : 0n
    return [
      ...workloads.flatMap(({ id, us, one }, at) => {
        const [uj, cpuUs] = [splits ? parts[at]! : 0n, carries ? us : 0n]
        return uj === 0n && cpuUs === 0n ? [] : [row('active', id, uj, cpuUs, [qualityOf(one)])]
      }),
      ...(method === 'none' ? [] : [row('idle', '', energy - active, 0n, [])]),
      ...(unattributed !== 0n || leftUs !== 0n || method === 'none'
        ? [row('unattributed', '', unattributed, leftUs, [])]
        : []),
    ]
  })
}

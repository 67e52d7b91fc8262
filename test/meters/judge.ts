/** What a minute of the machine must be in the books, from readings alone and by the rules of docs/gpus.md in exact fractions. */
import { larger, smaller } from '../../core/model/integers.ts'
import { area, counted, type Fraction, isRounded, type Sample } from '../bmc/oracle.ts'
import { apart, exactShares, type GpuMinute } from '../books/gpu-oracle.ts'
import { containerOf, IDLE_WATTS, type Machine, SCENES, uuidOf, WRAP_UJ } from './machine.ts'

export interface ReadingRow {
  readonly Quantity: string
  readonly Domain: string
  readonly Device: string
  readonly WorkloadId: string
  readonly BootId: string
  readonly Time: string
  readonly Value: string
}

export interface BookRow {
  readonly Component: string
  readonly Share: string
  readonly WorkloadId: string
  readonly Uj: string
  readonly CpuUs: string
  readonly GpuUs: string
  readonly CapacityUs: string
}

interface Judged {
  readonly readings: readonly ReadingRow[]
  readonly books: readonly BookRow[]
  readonly machine: Machine
  readonly fromNs: bigint
  readonly toNs: bigint
}

/** Every difference, in words; empty: the books are right. */
export function judge(judged: Judged): string[] {
  const { books } = judged
  const problems: string[] = []
  const expectRounded = (what: string, amount: bigint, exact: Fraction, slack = 0n): void => {
    const widened = { over: exact.over, under: exact.under }
    const isRight =
      isRounded(amount, widened) ||
      (slack > 0n && isRounded(amount + slack, widened)) ||
      (slack > 0n && isRounded(amount - slack, widened))
    if (!isRight) problems.push(`${what}: booked ${amount} µJ, read ${Number(exact.over / exact.under)} µJ`)
  }
  const uj = (filter: (row: BookRow) => boolean): bigint =>
    books.filter(filter).reduce((sum, row) => sum + BigInt(row.Uj), 0n)

  const packages = [0, 1].map(index => energyOf(judged, `package-${index}`))
  const cpu = packages.reduce(plus)
  const dram = energyOf(judged, 'dram-0')
  const host = area(samplesOf(judged, 'power', 'host'), judged.fromNs, judged.toNs)
  const boards = SCENES.map((_, index) => boardMinute(judged, index))
  const gpu = boards.map(({ exact }) => exact).reduce(plus)
  expectRounded(
    'cpu',
    uj(row => row.Component === 'cpu'),
    cpu,
    2n,
  )
  expectRounded(
    'dram',
    uj(row => row.Component === 'dram'),
    dram,
  )
  expectRounded(
    'gpu',
    uj(row => row.Component === 'gpu'),
    gpu,
    8n,
  )
  expectRounded(
    'host',
    uj(() => true),
    host,
  )
  problems.push(...judgeCpu(books), ...judgeBoards(judged, boards), ...judgeShown(judged))
  return problems
}

const plus = (a: Fraction, b: Fraction): Fraction => ({
  over: a.over * b.under + b.over * a.under,
  under: a.under * b.under,
})

function samplesOf(
  { readings }: Judged,
  quantity: string,
  domain: string,
  of: { readonly device?: string; readonly workload?: string } = {},
): Sample[] {
  return readings
    .filter(
      row =>
        row.Quantity === quantity &&
        row.Domain === domain &&
        row.Device === (of.device ?? '') &&
        row.WorkloadId === (of.workload ?? ''),
    )
    .map(row => [BigInt(row.Time), BigInt(row.Value)])
}

/** A counter, unwrapped. */
function energyOf(judged: Judged, domain: string): Fraction {
  let turns = 0n
  let last = 0n
  const samples = samplesOf(judged, 'energy', domain).map(([time, value]): Sample => {
    if (value < last) turns += WRAP_UJ
    last = value
    return [time, value + turns]
  })
  return counted(samples, judged.fromNs, judged.toNs)
}

interface BoardMinute {
  readonly exact: Fraction
  /** ns of the minute for which its meter knows the energy. */
  readonly coveredNs: bigint
}

/** Energy of a board: by epoch of its counter, or by its power. */
function boardMinute(judged: Judged, index: number): BoardMinute {
  const { readings, fromNs, toNs } = judged
  const domain = `gpu-${uuidOf(index)}`
  const rows = readings.filter(row => row.Quantity === 'energy' && row.Domain === domain)
  if (rows.length === 0) {
    return { exact: area(samplesOf(judged, 'power', domain), fromNs, toNs), coveredNs: toNs - fromNs }
  }
  let exact: Fraction = { over: 0n, under: 1n }
  let coveredNs = 0n
  for (const epoch of new Set(rows.map(row => row.BootId))) {
    const samples = rows
      .filter(row => row.BootId === epoch)
      .map((row): Sample => [BigInt(row.Time), BigInt(row.Value)])
    const [first, last] = [samples[0]![0], samples.at(-1)![0]]
    const [from, to] = [larger(first, fromNs), smaller(last, toNs)]
    if (from >= to) continue
    exact = plus(exact, counted(samples, from, to))
    coveredNs += to - from
  }
  return { exact, coveredNs }
}

/** Kepler's way for idle energy, and active energy by CPU time. */
function judgeCpu(books: readonly BookRow[]): string[] {
  const rows = books.filter(row => row.Component === 'cpu')
  const total = rows.reduce((sum, row) => sum + BigInt(row.Uj), 0n)
  return rows.flatMap(row => {
    if (row.Share === 'idle') return []
    const exact = { over: total * BigInt(row.CpuUs), under: BigInt(row.CapacityUs) }
    return isRounded(BigInt(row.Uj), exact)
      ? []
      : [
          `cpu ${row.Share} ${row.WorkloadId.slice(0, 4)}: ${row.Uj} µJ, by its CPU time ${Number(exact.over) / Number(exact.under)}`,
        ]
  })
}

function judgeBoards(judged: Judged, boards: readonly BoardMinute[]): string[] {
  const problems: string[] = []
  const gpu = judged.books.filter(row => row.Component === 'gpu')
  const of = (id: string): BookRow | undefined =>
    gpu.find(row => row.WorkloadId === id && row.Share === 'active')
  let idle: readonly [bigint, bigint] = [0n, 1n]
  let nobody: readonly [bigint, bigint] = [0n, 1n]
  for (const [index, { exact, coveredNs }] of boards.entries()) {
    const scene = SCENES[index]!
    const energyUj = exact.over / exact.under
    const minute = minuteOf(judged, index, Number(energyUj), coveredNs)
    for (const [who, share] of exactShares(minute)) {
      if (who === 'idle') idle = add(idle, share)
      else if (who === 'nobody' || who === containerOf(999)) nobody = add(nobody, share)
      else {
        const booked = BigInt(of(who)?.Uj ?? 0)
        const off = apart(booked, share)
        // Energy and time of a board are cut at both edges of the minute, each to a whole unit.
        const slack = 3 + (Number(energyUj) / 60e6) * 2
        if (off > slack)
          problems.push(`${scene.name} ${who.slice(0, 4)}: booked ${booked} µJ, ${off} µJ from its share`)
      }
    }
  }
  const sum = (share: string): bigint =>
    gpu.filter(row => row.Share === share).reduce((total, row) => total + BigInt(row.Uj), 0n)
  for (const [share, exact] of [
    ['idle', idle],
    ['unattributed', nobody],
  ] as const) {
    const off = apart(sum(share), exact)
    if (off > 40) problems.push(`boards, ${share}: booked ${sum(share)} µJ, ${off} µJ from the exact sum`)
  }
  return problems
}

const add = (a: readonly [bigint, bigint], b: readonly [bigint, bigint]): readonly [bigint, bigint] => [
  a[0] * b[1] + b[0] * a[1],
  a[1] * b[1],
]

/** The minute of a board as the rules see it: SM time from readings, holders all the time. */
function minuteOf(judged: Judged, index: number, energyUj: number, coveredNs: bigint): GpuMinute {
  const scene = SCENES[index]!
  const domain = `gpu-${uuidOf(index)}`
  const idleUj = Number((BigInt(IDLE_WATTS) * coveredNs) / 1000n)
  const lacksUse = scene.lacks?.includes('use') ?? false
  const user = ({ pid, percent }: (typeof scene.users)[number]) => ({
    id: containerOf(pid),
    // Of one time for all: only their ratio matters, and it is constant.
    used: lacksUse ? null : percent * 600_000,
    held: 60_000_000,
  })
  const instances = scene.instances ?? []
  const parts =
    instances.length === 0
      ? [{ slices: 1, of: 1, active: null, users: scene.users.map(user) }]
      : instances.map(([id, slices, percent]) => ({
          ...{ slices, of: 7, active: percent * 600_000 },
          users: scene.users.filter(one => one.instance === id).map(user),
        }))
  if (instances.length > 0) {
    const told = samplesOf(judged, 'gpu_utilization', domain, { device: `mig-${instances[0]![0]}:1/7` })
    if (told.length < 50) throw new Error(`${domain} has ${told.length} readings of its instances`)
  }
  return { energyUj, idleUj, held: 60_000_000, parts }
}

/** Readings are what was shown, and SM time is the shown share of the time between two readings. */
function judgeShown(judged: Judged): string[] {
  const { machine, readings } = judged
  const problems: string[] = []
  const check = (
    what: string,
    values: readonly bigint[],
    shown: ReadonlySet<bigint>,
    least: number,
  ): void => {
    const wrong = values.filter(value => !shown.has(value))
    if (wrong.length > 0)
      problems.push(`${what}: ${wrong.length} readings were never shown, such as ${wrong[0]}`)
    if (values.length < least) problems.push(`${what}: only ${values.length} readings`)
  }
  const values = (quantity: string, domain: string): bigint[] =>
    samplesOf(judged, quantity, domain).map(([, value]) => value)
  check('package-0', values('energy', 'package-0'), machine.shown('intel-rapl:0'), 60)
  check('package-1', values('energy', 'package-1'), machine.shown('intel-rapl:1'), 60)
  check('dram-0', values('energy', 'dram-0'), machine.shown('intel-rapl:0:0'), 60)
  const hostUw = new Set([...machine.shown('host')].map(value => value / 1000n))
  check('host', values('power', 'host'), hostUw, 60)
  for (const [index, scene] of SCENES.entries()) {
    const domain = `gpu-${uuidOf(index)}`
    if (scene.lacks?.includes('energy')) {
      check(scene.name, values('power', domain), machine.shown(`power ${index}`), 50)
      if (values('energy', domain).length > 0) problems.push(`${scene.name}: has readings of energy`)
    } else check(scene.name, values('energy', domain), machine.shown(`energy ${index}`), 40)
    if (scene.lacks?.includes('use')) continue
    // A process that the machine does not list is in the time of the board alone.
    const all = scene.users.reduce((sum, { percent }) => sum + percent, 0)
    for (const { pid, percent: own } of scene.users) {
      const [workload, percent] = pid === 999 ? ['', all] : [containerOf(pid), own]
      const used = samplesOf(judged, 'gpu_time', domain, { workload })
      if (used.length < 40) problems.push(`${scene.name} ${pid}: only ${used.length} readings of its time`)
      for (const [at, [time, value]] of used.entries()) {
        const before = used[at - 1]
        if (before === undefined) continue
        const us = Number((time - before[0]) / 1000n)
        const expected = (us * percent) / 100
        const isLong = us > 5_000_000
        if (!isLong && Math.abs(Number(value - before[1]) - expected) > 1.5)
          problems.push(`${scene.name} ${pid}: ${value - before[1]} µs in ${us} µs`)
      }
    }
  }
  if (readings.some(row => row.Domain === 'host' && row.Quantity === 'energy'))
    problems.push('psys was booked beside packages')
  return problems
}

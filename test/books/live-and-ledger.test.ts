/**
 * Guarantee: the live view agrees with the books. Random hosts with random sets of sources: the watts of a minute in
 * the live view equal its joules in the ledger, in sum and for every workload.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toIntervals } from '../../query/live/intervals.ts'
import type { CounterRow } from '../../query/live/statements.ts'
import { at, drive, modeAt, NOON_SECONDS, type Reading, reading } from '../processors/meter/support.ts'
import { runs } from '../support/runs.ts'

const EVERY = 5
const POD = '0a1b2c3d-1111-2222-3333-444455556666'

interface Told {
  readonly of: Partial<Reading>
  /** Rate per second, in the quantity's unit; the value of a gauge. */
  readonly rate: number
}

const energy = (Domain: string, Source: string, watts: number, of: Partial<Reading> = {}): Told => ({
  of: { Quantity: 'energy', Domain, Source, ...of },
  rate: watts * 1e6,
})
const work = (
  WorkloadKind: string,
  WorkloadId: string,
  Source: string,
  labels: Record<string, string> = {},
) => ({
  of: {
    Quantity: 'cpu_time',
    WorkloadKind,
    WorkloadId,
    Source,
    Attributes: { 'workload.name': WorkloadId, ...labels },
  },
  rate: 250_000,
})

const onGpu = (Quantity: string, rate: number, Source: string, of: Partial<Reading> = {}): Told => ({
  of: { Quantity, Domain: 'gpu-a', Source, ...of },
  rate,
})
const GAUGES: ReadonlySet<string> = new Set(['power', 'gpu_held', 'gpu_utilization'])
const IDLE_POWER = new Map([['gpu-a', 30_000n]])

/** What sources may report about a host, besides its CPU times. */
const mayBeTold = (platformWatts: number): readonly Told[] => [
  energy('package-0', 'rapl', 60),
  energy('package-0', 'kepler:kepler_node_cpu_joules_total', 60),
  energy('package-0', 'node_exporter:node_rapl_package_joules_total:mmio', 59),
  energy('package-1', 'rapl', 40),
  energy('core-0', 'rapl', 20),
  energy('package-2-die-0', 'rapl', 11),
  energy('dram-0', 'rapl', 5),
  energy('psys', 'kepler:kepler_node_cpu_joules_total', platformWatts),
  energy('gpu-a', 'dcgm:x', 100),
  energy('package-3', 'estimate:ccf', 70, { Quality: 'estimated' }),
  { of: { Quantity: 'power', Domain: 'host', Source: 'ipmi_exporter:x', BootId: '' }, rate: 400_000 },
  { of: { Quantity: 'power', Domain: 'package-0', Source: 'scaphandre:x', BootId: '' }, rate: 66_000 },
  work('container', 'a'.repeat(64), 'cgroup2', { 'k8s.pod.uid': POD }),
  work('container', 'a'.repeat(64), 'cadvisor:x', {
    'k8s.pod.uid': POD,
    'k8s.container.name': 'web',
    'workload.namespace': 'shop',
  }),
  work('container', `${POD}/web`, 'otlp:container.cpu.time', {
    'k8s.pod.uid': POD,
    'k8s.container.name': 'web',
  }),
  work('pod', POD, 'otlp:k8s.pod.cpu.time', { 'k8s.pod.uid': POD }),
  work('process', 'nginx', 'otlp:process.cpu.time'),
  work('process', 'postgres', 'kepler:kepler_process_cpu_seconds_total'),
  work('systemd_unit', 'app.service', 'cgroup2'),
  work('process', 'bash', 'proc'),
  onGpu('gpu_held', 1000, 'nvml'),
  onGpu('gpu_time', 700_000, 'nvml'),
  onGpu('gpu_time', 300_000, 'nvml', { WorkloadKind: 'container', WorkloadId: 'a'.repeat(64) }),
  onGpu('gpu_held', 1000, 'nvml', { WorkloadKind: 'container', WorkloadId: 'b'.repeat(64) }),
  onGpu('gpu_held', 1000, 'dcgm:x', { WorkloadKind: 'pod', WorkloadId: POD }),
  onGpu('gpu_utilization', 600_000, 'dcgm:x', { Device: 'mig-1:2/7' }),
  onGpu('gpu_held', 1000, 'nvml', {
    ...{ WorkloadKind: 'process', WorkloadId: 'bash' },
    Device: 'mig-2:4/7',
  }),
]

const CPU: readonly (readonly [string, number])[] = [
  ['user', 2e6],
  ['idle', 6e6],
  ['guest', 1e6],
]

function readingsOf(told: readonly Told[]): Reading[] {
  const rows: Reading[] = []
  for (let seconds = 0; seconds <= 60; seconds += EVERY) {
    for (const { of, rate } of told) {
      const isGauge = GAUGES.has(of.Quantity ?? '')
      rows.push(
        reading({
          Timestamp: at(seconds),
          ...of,
          Value: BigInt(Math.round(isGauge ? rate : rate * seconds)),
        }),
      )
    }
    for (const [mode, rate] of CPU)
      rows.push(modeAt(seconds, mode, BigInt(rate * seconds), { Source: 'proc' }))
  }
  return rows
}

/** As the live view's statement groups them. */
function countersOf(rows: readonly Reading[]): CounterRow[] {
  const keyOf = (row: Reading): string =>
    JSON.stringify([
      row.Quantity,
      row.Domain,
      row.Device,
      row.WorkloadKind,
      row.WorkloadId,
      row.BootId,
      row.Source,
    ])
  return [...Map.groupBy(rows, keyOf).values()].map(some => ({
    ...(some.at(-1)! as Omit<Reading, 'RangeMax' | 'Quantity'>),
    Quantity: some[0]!.Quantity as CounterRow['Quantity'],
    RangeMax: '0',
    samples: some.map(row => [String(row.Timestamp / 1_000_000n), String(row.Value)] as const),
  }))
}

// A meter of the platform that shows less than a GPU, and one that shows more.
test.each([30, 300])('the live view agrees with the books (platform %i W)', platformWatts => {
  const sets = fc.subarray([...mayBeTold(platformWatts)], { minLength: 1 })
  fc.assert(
    fc.property(sets, told => {
      const rows = readingsOf(told)
      const isIdleKnown = told.length % 2 === 0
      const {
        record,
        flush,
        energy: booked,
      } = drive(isIdleKnown ? { metering: { gpu_idle_watts: [{ watts: 30 }] } } : {})
      record(rows)
      flush(180)
      const minute = booked.filter(row => row.WindowStart === NOON_SECONDS)
      const sumUj = minute.reduce((sum, row) => sum + Number(row.EnergyUj), 0)
      const gpuIdlePowers = isIdleKnown ? IDLE_POWER : new Map<string, bigint>()
      const live = toIntervals(countersOf(rows), { gapMs: 25_000, gpuIdlePowers })
      const seen = live.intervals.map(({ energy: found }) => found)
      if (sumUj === 0) {
        expect(seen.filter(found => found !== null)).toEqual([])
        return
      }
      expect(seen.reduce((sum, found) => sum + Number(found!.totalUj), 0)).toBe(sumUj)
      // Where GPUs exceed the host's meter, the live view shows that meter alone.
      const isSkewed = minute.some(({ Share }) => Share === 'skew')
      if (isSkewed && minute.some(({ Component }) => Component === 'gpu')) return
      const booked_ = new Map<string, number>()
      for (const { Share, WorkloadKind, WorkloadId, EnergyUj } of minute) {
        if (Share !== 'active') continue
        const key = `${WorkloadKind} ${WorkloadId}`
        booked_.set(key, (booked_.get(key) ?? 0) + Number(EnergyUj))
      }
      const shown = live.workloads.map(({ kind, id }, index) => {
        const uj = seen.reduce((sum, found) => sum + Number(found!.activeUj[index]!), 0)
        return [`${kind} ${id}`, uj] as const
      })
      // One that only holds a board of which no energy is metered is shown without watts.
      const isShown = (key: string, uj: number): boolean => uj > 0 || booked_.has(key)
      expect(shown.flatMap(([key, uj]) => (isShown(key, uj) ? [key] : [])).sort()).toEqual(
        [...booked_.keys()].sort(),
      )
      // Each interval is shared by largest remainder, for each component.
      for (const [key, uj] of shown)
        expect(Math.abs(uj - (booked_.get(key) ?? 0))).toBeLessThanOrEqual(12 * 6)
    }),
    { seed: 14, numRuns: runs(60) },
  )
})

/**
 * Guarantees: what the NVIDIA library reports ends in the books, to the microjoule, through the real foreign calls: one user, several
 * in turns, instances, a reset counter, a lost board, fields that a board lacks, old drivers; and a driver that hangs stalls nothing.
 * The library is a stand-in, which needs a C compiler: without one these tests are skipped, and say so.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { diagnoseGpus, withUnreadBoards } from '../../../../collector/sensors/doctor/gpus.ts'
import { ChildReader } from '../../../../collector/sensors/gpu/child-reader.ts'
import { GpuReadings } from '../../../../collector/sensors/gpu/gpu-readings.ts'
import type { GpuSnapshot } from '../../../../collector/sensors/gpu/snapshot.ts'
import { gpuSources } from '../../../../collector/sensors/gpus.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { ownersByPid } from '../../../../collector/sensors/proc/process-owner.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { at, drive, grid, NOON_SECONDS } from '../../../processors/meter/support.ts'
import { machine, statLine, tree } from '../tree.ts'
import { type FakeNvml, fakeNvml, hasCompiler, processLine } from './fake.ts'

const isPossible = hasCompiler()
if (!isPossible)
  process.stderr.write('SKIPPED: NVML by foreign calls. Install a C compiler (`cc`) to run these tests.\n')

const ENTRY = new URL('../../../../collector/sensors/nvml/child.ts', import.meta.url)
const IDENTITY = { tenant: 'default', host: 'h1', hostName: 'one', bootId: 'boot-1' }
const EVERY = 5
const [A, B] = ['a', 'b'].map(letter => letter.repeat(64)) as [string, string]
const OWNERS: Readonly<Record<number, string>> = { 101: A, 102: B }

let library: FakeNvml
let old: FakeNvml
beforeAll(() => {
  if (!isPossible) return
  library = fakeNvml()
  old = fakeNvml(['-DOLD'])
})
afterAll(() => {
  library?.remove()
  old?.remove()
})

function reading(path: string, times = {}) {
  const missing: string[] = []
  const reader = new ChildReader({
    entry: ENTRY,
    args: [path],
    onMissing: reason => missing.push(reason),
    times,
  })
  onTestFinished(() => reader.close())
  const next = async (): Promise<GpuSnapshot> => {
    // Once: an answer to a second request would be of before.
    reader.request()
    for (;;) {
      const [snapshot] = reader.take()
      if (snapshot !== undefined) return snapshot
      await sleep(2)
    }
  }
  return { reader, next, missing }
}

/** Processes 101 and 102 are in containers. */
function owners() {
  const files = Object.entries(OWNERS).flatMap(([pid, id]) => [
    [`proc/${pid}/stat`, statLine(Number(pid), { comm: 'train', start: 100 })] as const,
    [`proc/${pid}/cgroup`, `0::/system.slice/docker-${id}.scope\n`] as const,
  ])
  const { roots } = tree({
    ...machine(),
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    ...Object.fromEntries(files),
  })
  return ownersByPid(kernelFiles(), roots)
}

/** Plays some minutes: what the library says every five seconds, metered as of then. */
async function play(
  lines: (second: number) => readonly string[],
  { from = library, minutes = 1, metering = { gpu_idle_watts: [{ watts: 60 }] } } = {},
) {
  const { next } = reading(from.path)
  const known = owners()
  const readings = new GpuReadings({
    ...{ identity: IDENTITY, source: 'nvml', runId: 'run' },
    nextRound: known.next,
    ownerOf: pid => {
      const owner = known.of(pid)
      return owner === undefined ? undefined : { group: owner.group, ageUs: 1_000_000_000n }
    },
  })
  const run = drive({ metering, isSensor: true })
  const snapshots: GpuSnapshot[] = []
  for (let second = 0; second <= minutes * 60; second += EVERY) {
    from.say(lines(second))
    const snapshot = { ...(await next()), timeUnixNano: at(second) }
    snapshots.push(snapshot)
    const rows = readings.of(snapshot)
    if (rows.length > 0) run.record(rows)
  }
  run.flush(minutes * 60)
  const rows = (minute: number) => run.energy.filter(row => row.WindowStart === NOON_SECONDS + minute * 60)
  return { rows, books: (minute = 0) => grid(rows(minute)).map(named), snapshots }
}

const named = (line: string): string => line.replace(A, 'A').replace(B, 'B')
const board = (mj: number): string[] => [
  'board 0 uuid GPU-1 NVIDIA H100 80GB HBM3',
  `board 0 energy 0 ${mj}`,
  'board 0 power 0 300000',
  'board 0 util 0 90 10',
]
/** Samples are dated by the driver's own clock. */
const sample = (pid: number, second: number, percent: number): string =>
  `board 0 sample ${pid} ${1_000_000 + second * 1_000_000} ${percent}`
const watts300 = (second: number): number => 1_000_000 + second * 300_000

describe.skipIf(!isPossible)('boards of NVML in the books', () => {
  it('exclusive: all but idle energy to the only user', async () => {
    const { books, rows } = await play(second => [
      ...board(watts300(second)),
      processLine(0, 101),
      sample(101, second, 60),
    ])
    expect(books()).toEqual(['gpu active A 14400000000', 'gpu idle - 3600000000'])
    expect(rows(0)[0]).toMatchObject({
      GpuUs: 36_000_000n,
      GpuReservedIdleUs: 24_000_000n,
      EnergySource: 'nvml',
    })
  })

  it('time slicing: by SM time; of a process that nobody knows it is unattributed', async () => {
    const { books } = await play(second => [
      ...board(watts300(second)),
      ...[101, 102, 999].map(pid => processLine(0, pid)),
      ...[sample(101, second, 30), sample(102, second, 10), sample(999, second, 20)],
    ])
    // 14,400 J in sixths: 3, 1, 2.
    expect(books()).toEqual([
      'gpu active A 7200000000',
      'gpu active B 2400000000',
      'gpu idle - 3600000000',
      'gpu unattributed - 4800000000',
    ])
  })

  it('instances: by activity and size', async () => {
    const { books, snapshots } = await play(second => [
      ...board(watts300(second)),
      'board 0 mig 1',
      'board 0 instance 1 0 1 1 50',
      'board 0 instance 2 0 3 3 10',
      'board 0 process 101 1024 1 0',
      'board 0 process 102 1024 2 0',
      'board 0 samples 3',
    ])
    expect(snapshots.at(-1)?.boards[0]?.instances.map(({ device }) => device)).toEqual([
      'mig-1:1/7',
      'mig-2:3/7',
    ])
    // 50 x 1 to 10 x 3 of 14,400 J.
    expect(books()).toEqual(['gpu active A 9000000000', 'gpu active B 5400000000', 'gpu idle - 3600000000'])
  })

  it('a counter that begins again books what it counted, and coverage says what is missing', async () => {
    const { rows, books } = await play(second => [
      ...board(second < 30 ? watts300(second) : (second - 30) * 300),
      processLine(0, 101),
      sample(101, second, 50),
    ])
    // 25 s before, 30 s after; in between nothing is known. 300 W before, 0.3 W after.
    expect(books()).toEqual(['gpu active A 4209000000', 'gpu idle - 3300000000'])
    expect(rows(0)[0]?.Coverage).toBeCloseTo(55 / 60, 5)
  })

  it('a board that is lost and comes back: its counter bridges the time, the other board goes on', async () => {
    const { rows, snapshots } = await play(second => {
      const isLost = second > 20 && second < 40
      return [
        'board 0 uuid GPU-1 NVIDIA H100',
        `board 0 energy ${isLost ? 15 : 0} ${watts300(second)}`,
        'board 1 uuid GPU-2 NVIDIA H100',
        `board 1 energy 0 ${second * 60_000}`,
      ]
    })
    expect(rows(0).map(row => [row.Share, row.EnergyUj])).toEqual([['idle', 21_600_000_000n]])
    expect(snapshots.map(({ boards }) => boards.length)).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2])
    expect(snapshots[5]?.problems.join()).toMatch(/^GPU 0 \(GPU-1\): the board has fallen off the bus/)
  })

  it('fields that a board lacks: power for energy, equal shares for use', async () => {
    const { books, snapshots } = await play(() => [
      'board 0 uuid GPU-1 Tesla M60',
      'board 0 energy 3 0',
      'board 0 power 0 100000',
      'board 0 util 3 0 0',
      'board 0 samples 3',
      processLine(0, 101),
      processLine(0, 102),
    ])
    expect(books()).toEqual(['gpu active A 1200000000', 'gpu active B 1200000000', 'gpu idle - 3600000000'])
    expect(snapshots[0]?.boards[0]?.gaps.map(({ field }) => field)).toEqual([
      'energy',
      'utilization',
      'process_utilization',
    ])
  })

  it('old drivers, without the newer functions', async () => {
    const lines = (second: number) => [
      ...board(watts300(second)),
      processLine(0, 101),
      sample(101, second, 60),
    ]
    const { books } = await play(lines, { from: old })
    expect(books()).toEqual(['gpu active A 14400000000', 'gpu idle - 3600000000'])
  })

  it('idle power is what the board drew while nobody held it', async () => {
    const { books } = await play(
      second => [
        ...board(second <= 60 ? second * 55_000 : 3_300_000 + (second - 60) * 300_000),
        ...(second > 60 ? [processLine(0, 101), sample(101, second, 60)] : []),
      ],
      { minutes: 3, metering: { gpu_idle_watts: [] } },
    )
    expect(books(0)).toEqual(['gpu idle - 3300000000'])
    expect(books(2)).toEqual(['gpu active A 14700000000', 'gpu idle - 3300000000'])
  })
})

describe.skipIf(!isPossible)('a process of its own', () => {
  it('hangs in the driver without stalling this one, is ended and started again', async () => {
    library.say(board(1_000))
    const { reader, next } = reading(library.path, { hangMs: 300, restartMs: 0 })
    await next()
    library.say([...board(1_000), 'hang 60000'])
    const delay = monitorEventLoopDelay({ resolution: 5 })
    reader.request()
    await sleep(1_000)
    delay.enable()
    await sleep(500)
    delay.disable()
    // One call of the driver takes 60,000 ms.
    expect(delay.max / 1e6).toBeLessThan(5_000)
    reader.request()
    expect(() => reader.take()).toThrow(/has not answered for \d+ s/)
    library.say(board(2_000))
    await expect
      .poll(() => {
        reader.request()
        try {
          return reader.take().map(({ boards }) => boards[0]?.energyUj)
        } catch {
          return []
        }
      })
      .toEqual([2_000_000n])
  })

  it('says once that there is no such library', async () => {
    const { reader, missing } = reading('/nowhere/libnvidia-ml.so.1')
    reader.request()
    await expect.poll(() => missing).toEqual([expect.stringMatching(/cannot be loaded/)])
    reader.request()
    expect(reader.take()).toEqual([])
  })

  it('ends where the driver goes away, and says why', async () => {
    library.say([...board(1_000), 'init 9'])
    const { reader } = reading(library.path)
    reader.request()
    await expect
      .poll(() => {
        try {
          reader.take()
          return ''
        } catch (error) {
          return String(error)
        }
      })
      .toMatch(/the NVIDIA driver is not loaded/)
  })
})

describe.skipIf(!isPossible)('the doctor', () => {
  it('says of each board what is read, what is not, and why', async () => {
    library.say([
      ...board(1_000),
      processLine(0, 101),
      'board 1 uuid GPU-2 NVIDIA A100-SXM4-40GB',
      'board 1 energy 0 1',
      'board 1 power 0 50000',
      'board 1 mig 1',
      'board 1 instance 1 0 1 1 -1',
      'board 1 samples 4',
      'board 2 uuid GPU-3 NVIDIA H100',
      'board 2 energy 15 0',
    ])
    const { roots } = tree(machine())
    const sensors = configSchema.parse({ sensors: { nvml_library: library.path } }).sensors
    const missing: string[] = []
    const options = { config: sensors, files: kernelFiles(), roots }
    const sources = gpuSources(options, (_, reason) => missing.push(reason))
    const findings = await diagnoseGpus(sources, missing, 30_000)
    expect(findings.map(({ meter, state, detail }) => [meter, state, detail].join(' | '))).toEqual([
      'nvml GPU-1 | reads | NVIDIA H100 80GB HBM3, energy counter, 300 W, utilization, 1 processes',
      'nvml GPU-2 | reads | NVIDIA A100-SXM4-40GB, energy counter, 50 W, 0 processes, 1 instances',
      'nvml GPU-2: activity of instances | absent | this board does not tell; DCGM does',
      'nvml GPU-2: use by process | cannot | no permission',
      'nvml | cannot | GPU 2 (GPU-3): the board has fallen off the bus or is otherwise inaccessible.',
    ])
    expect(findings[2]?.command).toMatch(/dcgm-exporter/)
  })

  it('says that there is none, or that its library cannot be loaded', async () => {
    const { roots } = tree(machine())
    const find = async (gpu: 'auto' | 'on') => {
      const config = configSchema.parse({
        sensors: { gpu, nvml_library: '/nowhere/libnvidia-ml.so.1' },
      }).sensors
      const missing: string[] = []
      const sources = gpuSources({ config, files: kernelFiles(), roots }, (_, reason) => missing.push(reason))
      return withUnreadBoards(await diagnoseGpus(sources, missing, 30_000), kernelFiles(), roots)
    }
    expect(await find('auto')).toMatchObject([{ meter: 'gpu', state: 'absent' }])
    expect(await find('on')).toMatchObject([
      { meter: 'nvml', state: 'cannot', detail: expect.stringContaining('cannot be loaded') },
    ])
  })
})

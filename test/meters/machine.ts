/**
 * A made-up machine that runs: powercap zones (one package by two interfaces, one whose counter wraps, memory, a core, psys),
 * an ACPI power meter, control groups, and seven boards behind a stand-in for libnvidia-ml.so.1. Everything that it shows
 * changes every half second, and is kept, so that readings can be held against it.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FakeNvml } from '../collector/sensors/nvml/fake.ts'
import { statLine } from '../collector/sensors/tree.ts'

export const STEP_MS = 500
/** µJ after which the counter of package 1 begins again: about once a minute. */
export const WRAP_UJ = 5_000_000_000n
/** Seconds of the minute. */
export const RESET_AT = 30
export const LOST = { from: 20, to: 35 } as const
export const IDLE_WATTS = 50

/** What a board is given to do: its users by process, with the share of the time of each. */
export interface BoardScene {
  readonly name: string
  readonly watts: number
  readonly users: readonly { readonly pid: number; readonly percent: number; readonly instance?: number }[]
  /** MIG: instance, slices, activity in %. */
  readonly instances?: readonly (readonly [instance: number, slices: number, percent: number])[]
  readonly lacks?: readonly ('energy' | 'use')[]
}

/** Pids 201 and up belong to containers; 999 is a process that the machine does not list. */
export const SCENES: readonly BoardScene[] = [
  { name: 'exclusive', watts: 310, users: [{ pid: 201, percent: 60 }] },
  {
    name: 'time slicing',
    watts: 275,
    users: [
      { pid: 202, percent: 30 },
      { pid: 203, percent: 10 },
      { pid: 999, percent: 20 },
    ],
  },
  {
    name: 'instances',
    watts: 350,
    users: [
      { pid: 204, percent: 0, instance: 1 },
      { pid: 205, percent: 0, instance: 2 },
    ],
    instances: [
      [1, 1, 50],
      [2, 3, 10],
    ],
    lacks: ['use'],
  },
  {
    name: 'neither counter nor use',
    watts: 120,
    users: [
      { pid: 206, percent: 0 },
      { pid: 207, percent: 0 },
    ],
    lacks: ['energy', 'use'],
  },
  { name: 'driver reset', watts: 200, users: [{ pid: 208, percent: 80 }] },
  { name: 'lost and back', watts: 180, users: [{ pid: 209, percent: 40 }] },
  {
    name: 'use that fails',
    watts: 90,
    users: [
      { pid: 210, percent: 0 },
      { pid: 211, percent: 0 },
    ],
    lacks: ['use'],
  },
]

export const containerOf = (pid: number): string => pid.toString(16).padStart(4, '0').repeat(16)
export const uuidOf = (index: number): string => `GPU-0000000${index}`

/** CPU time of each container, thousandths of a CPU. */
const CPU_MILLI = 150
const CPUS = 8

export interface Machine {
  /** Changes everything by one step; `second`: of the minute that is judged. */
  step(second: number): void
  /** Values that a meter has shown. */
  shown(meter: string): ReadonlySet<bigint>
}

/** @param root folder in place of / */
export function startMachine(root: string, library: FakeNvml): Machine {
  const shown = new Map<string, Set<bigint>>()
  const put = (path: string, content: string | Uint8Array): void => {
    const full = join(root, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(`${full}.new`, content)
    renameSync(`${full}.new`, full)
  }
  const show = (meter: string, path: string, value: bigint): void => {
    shown.set(meter, (shown.get(meter) ?? new Set()).add(value))
    put(path, `${value}\n`)
  }
  put('proc/sys/kernel/random/boot_id', 'boot-1\n')
  put('proc/sys/kernel/hostname', 'own\n')
  put('sys/fs/cgroup/cgroup.controllers', 'cpu memory\n')
  for (const [zone, name] of Object.entries(ZONES)) put(`sys/class/powercap/${zone}/name`, `${name}\n`)
  put('sys/class/powercap/intel-rapl:1/max_energy_range_uj', `${WRAP_UJ}\n`)
  put('sys/class/hwmon/hwmon0/name', 'power_meter\n')
  for (const { pid } of SCENES.flatMap(({ users }) => users)) {
    if (pid === 999) continue
    put(`proc/${pid}/stat`, statLine(pid, { comm: 'train', start: 100 }))
    put(`proc/${pid}/cgroup`, `0::${groupOf(pid)}\n`)
  }

  let steps = 0
  const zonesUj = new Map<string, bigint>(Object.keys(ZONES).map((zone, index) => [zone, BigInt(index) * 7n]))
  const boardsMj = SCENES.map(() => 5_000_000)
  let hasReset = false

  return {
    step(second) {
      steps += 1
      const wobble = BigInt(steps % 7)
      const hostMilliwatts = BigInt(1_950_000 + ((steps * 37) % 101) * 1000)
      show('host', 'sys/class/hwmon/hwmon0/power1_average', hostMilliwatts * 1000n)
      for (const [zone, before] of zonesUj) {
        const next = before + (WATTS[zone] ?? 10n) * 500_000n + wobble * 1000n + 1n
        const value = zone === 'intel-rapl:1' ? next % WRAP_UJ : next
        zonesUj.set(zone, value)
        show(zone, `sys/class/powercap/${zone}/energy_uj`, value)
      }
      putCpu(put, steps)
      if (second >= RESET_AT && !hasReset) {
        hasReset = true
        boardsMj[4] = 0
      }
      library.say(SCENES.flatMap((scene, index) => boardLines(scene, index)))

      function boardLines(scene: BoardScene, index: number): string[] {
        const { watts, users, instances = [], lacks = [] } = scene
        boardsMj[index] = boardsMj[index]! + watts * STEP_MS + (steps % 5)
        const mj = boardsMj[index]
        const milliwatts = watts * 1000 + (steps % 3) * 1000
        const isLost = scene.name === 'lost and back' && second >= LOST.from && second < LOST.to
        const of = (meter: string, value: number): void => {
          const key = `${meter} ${index}`
          shown.set(key, (shown.get(key) ?? new Set()).add(BigInt(value)))
        }
        of('energy', mj * 1000)
        of('power', milliwatts)
        const lacksUse = lacks.includes('use')
        const own = [
          `uuid ${uuidOf(index)} NVIDIA H100 80GB HBM3`,
          lacks.includes('energy') ? 'energy 3 0' : `energy ${isLost ? 15 : 0} ${mj}`,
          `power 0 ${milliwatts}`,
          lacksUse ? 'util 3 0 0' : 'util 0 90 10',
          ...(instances.length > 0 ? ['mig 1'] : []),
          ...instances.map(([id, slices, percent]) => `instance ${id} 0 ${slices} ${slices} ${percent}`),
          ...users.map(({ pid, instance }) =>
            instance === undefined
              ? `process ${pid} 1048576 4294967295 4294967295`
              : `process ${pid} 1048576 ${instance} 0`,
          ),
          ...(lacksUse
            ? ['samples 3']
            : users.map(({ pid, percent }) => `sample ${pid} ${steps * STEP_MS * 1000} ${percent}`)),
        ]
        return own.map(line => `board ${index} ${line}`)
      }
    },
    shown: meter => shown.get(meter) ?? new Set(),
  }
}

const ZONES: Readonly<Record<string, string>> = {
  'intel-rapl:0': 'package-0',
  'intel-rapl:0:0': 'dram',
  'intel-rapl:0:1': 'core',
  'intel-rapl:1': 'package-1',
  'intel-rapl:2': 'psys',
  'intel-rapl-mmio:0': 'package-0',
}
const WATTS: Readonly<Record<string, bigint>> = {
  'intel-rapl:0': 95n,
  'intel-rapl:0:0': 18n,
  'intel-rapl:0:1': 40n,
  'intel-rapl:1': 88n,
  'intel-rapl:2': 230n,
  'intel-rapl-mmio:0': 94n,
}

const groupOf = (pid: number): string => `/system.slice/docker-${containerOf(pid)}.scope`

function putCpu(put: (path: string, content: string) => void, steps: number): void {
  const seconds = (steps * STEP_MS) / 1000
  const pids = SCENES.flatMap(({ users }) => users.map(({ pid }) => pid)).filter(pid => pid !== 999)
  for (const pid of pids) {
    put(`sys/fs/cgroup${groupOf(pid)}/cpu.stat`, `usage_usec ${Math.round(seconds * CPU_MILLI * 1000)}\n`)
  }
  const ticks = Math.round(seconds * 100)
  // Half a CPU more than the containers: the kernel's own work.
  const busy = Math.round((ticks * (pids.length * CPU_MILLI + 500)) / 1000)
  const line = `${busy} 0 0 ${ticks * CPUS - busy} 0 0 0 0`
  const each = Array.from({ length: CPUS }, (_, index) => `cpu${index} 1 0 0 1 0 0 0 0\n`).join('')
  put('proc/stat', `cpu  ${line}\n${each}btime 1767268800\n`)
  put('proc/uptime', `${(10_000 + seconds).toFixed(2)} 1.00\n`)
  put('proc/meminfo', 'MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n')
}

/** A node of files: control groups and counters as the kernel shows them, read by our own sensors. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Reading } from '../../../../collector/readings/reading.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { type Round, rootsUnder } from '../../../../collector/sensors/host/sensor.ts'
import { openMeters } from '../../../../collector/sensors/meters.ts'
import { cpuTimeSensor } from '../../../../collector/sensors/proc/cpu-time.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'

const CPUS = 64
/** 100 a second. */
const TICK_US = 10_000
const IDLE_WATTS = 80
const WATTS_PER_CPU = 4

interface Group {
  readonly path: string
  /** Hundredths of a CPU. */
  readonly share: number
  us: number
}

export class MadeUpNode {
  readonly name: string
  readonly machineId: string
  readonly #folder: string
  readonly #groups = new Map<string, Group>()
  readonly #sensors: { read(round: Round): Reading[] }[]
  #seconds = 1_000
  #busyTicks = 0
  #uj = 0
  #firstUj: number | null = null

  constructor(folder: string, number: number) {
    this.name = `node-${number}`
    this.machineId = number.toString(16).padStart(32, 'a')
    this.#folder = folder
    this.#write('etc/machine-id', `${this.machineId}\n`)
    this.#write('proc/sys/kernel/random/boot_id', `boot-${number}\n`)
    this.#write('proc/sys/kernel/hostname', `${this.name}\n`)
    this.#write('proc/meminfo', 'MemTotal: 67108864 kB\nMemFree: 100 kB\nMemAvailable: 33554432 kB\n')
    this.#write('sys/fs/cgroup/cgroup.controllers', 'cpu memory\n')
    this.#write('sys/class/powercap/intel-rapl:0/name', 'package-0\n')
    this.#write('sys/class/powercap/intel-rapl:0/max_energy_range_uj', `${2 ** 50}\n`)
    this.#writeCounters()
    const roots = rootsUnder(folder)
    const files = kernelFiles()
    const config = configSchema.parse({}).sensors
    const identity = hostIdentity(files, roots, 'default', {})
    const parts = { config, events: silentEvents, files, roots, identity, runId: 'r' }
    this.#sensors = [cpuTimeSensor(parts), ...openMeters(parts)]
  }

  /** A container, or the sandbox of a pod, begins. */
  begin(id: string, uid: string, share: number): void {
    const slice = `kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice`
    const path = `sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/${slice}/cri-containerd-${id}.scope`
    this.#groups.set(id, { path, share, us: 0 })
    this.#writeGroup(path, 0)
  }

  end(id: string): void {
    const group = this.#groups.get(id)
    if (group === undefined) throw new Error(`no container ${id} on ${this.name}`)
    rmSync(join(this.#folder, group.path), { recursive: true })
    this.#groups.delete(id)
  }

  has(id: string): boolean {
    return this.#groups.has(id)
  }

  /** µs that each container has used so far. */
  *used(): Iterable<readonly [id: string, us: number]> {
    for (const [id, { us }] of this.#groups) yield [id, us]
  }

  /** Time passes: containers use their shares, the node is busy with nothing else. */
  run(seconds: number): void {
    this.#seconds += seconds
    let ticks = 0
    for (const group of this.#groups.values()) {
      const own = group.share * seconds
      group.us += own * TICK_US
      ticks += own
      this.#writeGroup(group.path, group.us)
    }
    this.#busyTicks += ticks
    this.#uj += Math.round(IDLE_WATTS * seconds * 1e6 + (ticks / 100) * WATTS_PER_CPU * 1e6)
    this.#writeCounters()
  }

  read(timestampUnixNano: bigint): Reading[] {
    this.#firstUj ??= this.#uj
    const round = { timestampUnixNano, suspends: 0 } as unknown as Round
    return this.#sensors.flatMap(sensor => sensor.read(round))
  }

  get uj(): number {
    return this.#uj
  }

  /** What the counter showed when it was first read. */
  get firstUj(): number {
    return this.#firstUj ?? 0
  }

  #writeGroup(path: string, us: number): void {
    this.#write(`${path}/cpu.stat`, `usage_usec ${us}\n`)
    this.#write(`${path}/memory.current`, '67108864\n')
    this.#write(`${path}/memory.stat`, 'inactive_file 0\n')
  }

  #writeCounters(): void {
    const idle = this.#seconds * 100 * CPUS - this.#busyTicks
    const cpus = Array.from({ length: CPUS }, (_, cpu) => `cpu${cpu} 0 0 0 0 0 0 0 0 0 0`).join('\n')
    this.#write('proc/stat', `cpu  ${this.#busyTicks} 0 0 ${idle} 0 0 0 0 0 0\n${cpus}\nbtime 1767268800\n`)
    this.#write('proc/uptime', `${this.#seconds.toFixed(2)} 1.00\n`)
    this.#write('sys/class/powercap/intel-rapl:0/energy_uj', `${this.#uj}\n`)
  }

  #write(path: string, text: string): void {
    const full = join(this.#folder, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
  }
}

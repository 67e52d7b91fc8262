/**
 * Who uses which card: the kernel shows the engine time of every open file of a graphics driver in /proc/PID/fdinfo
 * (drm-usage-stats.rst of the kernel's documentation). Files are looked for when a process is new, and again now and then.
 */
import { readlinkSync } from 'node:fs'
import type { KernelFiles } from '../host/files.ts'
import { parseProcessStat } from '../proc/process-stat.ts'

/** Use of a card by a process. */
export interface DrmUse {
  readonly pid: number
  readonly pci: string
  /** Engine time since the files were opened, µs; null: the driver does not show it. */
  readonly busyUs: bigint | null
  /** Millionths of the time since the last call, from drivers that count cycles instead; null: they do not. */
  readonly busy: bigint | null
  readonly memoryBytes: bigint | null
}

interface KnownClient {
  readonly startTicks: number
  files: readonly string[]
  looked: number
  seen: number
}

/** A process may open a card long after its start. */
const LOOK_AGAIN_ROUNDS = 6
const MOST_PROCESSES = 32_768

/** Finds clients, round after round. */
export class DrmClients {
  readonly #files: KernelFiles
  readonly #proc: string
  readonly #known = new Map<number, KnownClient>()
  /** Cycles of clients at the last call, by card and client. */
  #cycles = new Map<string, Cycles>()
  #nextCycles = new Map<string, Cycles>()
  #round = 0

  constructor(files: KernelFiles, proc: string) {
    this.#files = files
    this.#proc = proc
  }

  read(): readonly DrmUse[] {
    this.#round += 1
    this.#cycles = this.#nextCycles
    this.#nextCycles = new Map()
    const uses: DrmUse[] = []
    let count = 0
    for (const name of this.#files.names(this.#proc)) {
      const pid = Number(name)
      if (!Number.isInteger(pid) || ++count > MOST_PROCESSES) continue
      const known = this.#knownOf(pid)
      if (known !== undefined && known.files.length > 0) uses.push(...this.#usesOf(pid, known.files))
    }
    for (const [pid, { seen }] of this.#known) if (seen !== this.#round) this.#known.delete(pid)
    return uses
  }

  #knownOf(pid: number): KnownClient | undefined {
    const bytes = this.#files.bytes(`${this.#proc}/${pid}/stat`)
    const stat = bytes === undefined ? undefined : parseProcessStat(bytes)
    if (stat === undefined || stat.isKernelThread) return undefined
    const last = this.#known.get(pid)
    const isSame = last?.startTicks === stat.startTicks
    const isDue = (this.#round + pid) % LOOK_AGAIN_ROUNDS === 0
    if (isSame && !isDue) {
      last.seen = this.#round
      return last
    }
    const known = {
      startTicks: stat.startTicks,
      files: this.#cardFiles(pid),
      looked: this.#round,
      seen: this.#round,
    }
    this.#known.set(pid, known)
    return known
  }

  /** Numbers of the process's open files that are cards. */
  #cardFiles(pid: number): readonly string[] {
    return this.#files.names(`${this.#proc}/${pid}/fd`).filter(fd => {
      try {
        return readlinkSync(`${this.#proc}/${pid}/fd/${fd}`).startsWith('/dev/dri/')
      } catch {
        return false
      }
    })
  }

  /** Of drivers that count cycles; the first time nothing is known, which is nothing used. */
  #busyOf({ id, pci, cycles }: ReturnType<typeof parseClient> & object): bigint | null {
    if (cycles.size === 0) return null
    const key = `${pci} ${id}`
    const before = this.#cycles.get(key)
    this.#nextCycles.set(key, cycles)
    let busy = 0n
    for (const [engine, [used, total]] of cycles) {
      const [usedThen, totalThen] = before?.get(engine) ?? [used, total]
      if (used >= usedThen && total > totalThen)
        busy += ((used - usedThen) * 1_000_000n) / (total - totalThen)
    }
    return busy
  }

  /** A file that was duplicated or inherited is one client, and counts once. */
  #usesOf(pid: number, fds: readonly string[]): readonly DrmUse[] {
    const clients = new Map<string, ReturnType<typeof parseClient> & object>()
    for (const fd of fds) {
      const text = this.#files.text(`${this.#proc}/${pid}/fdinfo/${fd}`)
      const client = text === undefined ? undefined : parseClient(text)
      if (client !== undefined) clients.set(`${client.pci} ${client.id}`, client)
    }
    const byCard = Map.groupBy(clients.values(), ({ pci }) => pci)
    return [...byCard].map(([pci, some]) => ({
      pid,
      pci,
      busyUs: sumKnown(some.map(({ busyUs }) => busyUs)),
      busy: sumKnown(some.map(client => this.#busyOf(client))),
      memoryBytes: sumKnown(some.map(({ memoryBytes }) => memoryBytes)),
    }))
  }
}

/** By kind of engine: cycles that the client used, and cycles in total. */
type Cycles = ReadonlyMap<string, readonly [used: bigint, total: bigint]>

const sumKnown = (values: readonly (bigint | null)[]): bigint | null => {
  const known = values.filter(value => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0n)
}

const KIB: Readonly<Record<string, bigint>> = { '': 1n, KiB: 1024n, MiB: 1_048_576n }

/** Lines of a file that is a client of a driver; undefined for others. Exported for its test. */
export function parseClient(text: string):
  | {
      readonly id: string
      readonly pci: string
      readonly busyUs: bigint | null
      readonly memoryBytes: bigint | null
      readonly cycles: Cycles
    }
  | undefined {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^(drm-[\w-]+):\s*(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) values.set(key, value.trim())
  }
  const pci = values.get('drm-pdev')
  if (!values.has('drm-driver') || pci === undefined) return undefined
  let busyNs: bigint | null = null
  let memoryBytes: bigint | null = null
  const cycles = new Map<string, readonly [bigint, bigint]>()
  for (const [key, value] of values) {
    const [, number, unit = ''] = /^(\d+)(?:\s+(\w+))?$/.exec(value) ?? []
    if (number === undefined) continue
    // Each engine counts; those of one kind together, over their number.
    if (/^drm-engine-(?!capacity-)/.test(key) && unit === 'ns') {
      const capacity = BigInt(values.get(key.replace('drm-engine-', 'drm-engine-capacity-')) ?? '1')
      busyNs = (busyNs ?? 0n) + BigInt(number) / (capacity > 0n ? capacity : 1n)
    }
    if (/^drm-(memory|resident)-(vram|local)\d*$/.test(key) && unit in KIB) {
      memoryBytes = (memoryBytes ?? 0n) + BigInt(number) * KIB[unit]!
    }
  }
  for (const [key, value] of values) {
    const engine = /^drm-cycles-(.+)$/.exec(key)?.[1]
    const total = values.get(`drm-total-cycles-${engine}`) ?? ''
    if (engine !== undefined && /^\d+$/.test(value) && /^\d+$/.test(total)) {
      cycles.set(engine, [BigInt(value), BigInt(total)])
    }
  }
  const busyUs = busyNs === null ? null : busyNs / 1000n
  return { id: values.get('drm-client-id') ?? '', pci, busyUs, memoryBytes, cycles }
}

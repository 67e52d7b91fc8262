/**
 * One simulated host: its counters, and the bytes of its samples. The energy that its meters counted between sent
 * samples is known exactly, and the books are compared with it.
 */
import { containerOf, type FleetOptions, type Machine, machineOf } from './fleet.ts'
import { loadAt } from './load.ts'
import { CPU_MODES, containerTemplate, machineMeters, machineTemplate } from './metrics.ts'
import { draw } from './random.ts'
import type { MessageTemplate, RequestBody } from './template.ts'

const NANO_PER_MILLI = 1_000_000n
const REBOOT_MS = 60_000
/** How long before the first sample the counters began. */
const UPTIME_MS = 30 * 86_400_000
const SILENCE_MS = [180_000, 600_000] as const

interface ContainerSlot {
  generation: number
  template: MessageTemplate
  cpuUs: number
  memoryBytes: number
  /** Maximum share of the machine that it may use. */
  readonly weight: number
}

/**
 * Rounds `from` to `to` (exclusive) in which a host sends nothing; `restarts`: its counters start again from 0 at `to`.
 */
interface Absence {
  readonly from: number
  readonly to: number
  readonly restarts: boolean
}

/** Writes the samples of one host and knows exactly what its meters counted. */
export class SimulatedHost {
  readonly machine: Machine
  readonly number: number
  readonly #options: FleetOptions
  readonly #absence: Absence | null
  readonly #slots: ContainerSlot[]
  /** µJ since the counters began, by meter in the order of `machineMeters`. */
  readonly #energyUj: Float64Array
  /** The same at the first sample that was sent since then. */
  readonly #firstUj: Float64Array
  /** µs by CPU mode. */
  readonly #cpuUs = new Float64Array(CPU_MODES.length)
  #template: MessageTemplate
  #startNano: bigint
  #begun = false
  /** Energy of earlier epochs. */
  #earlierUj = 0
  #acknowledgedUj = 0

  constructor(options: FleetOptions, number: number) {
    this.number = number
    this.#options = options
    this.machine = machineOf(options, number)
    this.#absence = absenceOf(options, number)
    const { seed, fromMs } = options
    this.#startNano =
      BigInt(Math.floor(fromMs - UPTIME_MS * (0.01 + draw(seed, number, 0, 31)))) * NANO_PER_MILLI
    const meters = machineMeters(this.machine)
    this.#energyUj = Float64Array.from(meters, (_, index) => Math.floor(1e12 * draw(seed, number, index, 32)))
    this.#firstUj = new Float64Array(meters.length)
    for (let mode = 0; mode < CPU_MODES.length; mode++) {
      this.#cpuUs[mode] = Math.floor(1e12 * draw(seed, number, mode, 33))
    }
    this.#template = machineTemplate(options, this.machine, this.#startNano)
    this.#slots = placesOf(options, this.machine, number, this.#startNano)
  }

  get pointsPerRound(): number {
    return this.#energyUj.length + CPU_MODES.length + 2 * this.#slots.length
  }

  /** Energy that the meters counted between acknowledged samples, µJ: the books must contain exactly this. */
  get acknowledgedUj(): bigint {
    return BigInt(this.#acknowledgedUj)
  }

  /** Marks all rounds written so far as acknowledged. */
  acknowledge(): void {
    let sum = this.#earlierUj
    if (this.#begun) {
      for (let meter = 0; meter < this.#energyUj.length; meter++) {
        sum += this.#energyUj[meter]! - this.#firstUj[meter]!
      }
    }
    this.#acknowledgedUj = sum
  }

  /** Whether a round may be sent late: never the first or the last of a counter, whose values matter. */
  mayBeLate(round: number, lastRound: number): boolean {
    if (round <= 0 || round >= lastRound) return false
    const { late, seed } = this.#options
    if (draw(seed, this.number, round, 41) >= late) return false
    return this.#absence === null || round < this.#absence.from - 1 || round > this.#absence.to
  }

  /** Advances the counters to a round, and writes the samples; writes nothing if the host is silent in that round. */
  writeRound(round: number, to: RequestBody): void {
    const { intervalMs, fromMs } = this.#options
    const absence = this.#absence
    const isAway = absence !== null && round >= absence.from && round < absence.to
    if (absence?.restarts && round === absence.to) this.#restart(fromMs + round * intervalMs - 1)
    const isDown = isAway && absence.restarts
    if (round > 0 && !isDown) this.#advance(round)
    if (!isAway) this.#write(fromMs + round * intervalMs, to)
  }

  /** The same samples as in the last round, at a later time: no meter has moved. This closes the windows before. */
  writeStill(timeMs: number, to: RequestBody): void {
    this.#write(timeMs, to)
  }

  #advance(round: number): void {
    const { seed, fromMs, intervalMs, churn } = this.#options
    const timeMs = fromMs + round * intervalMs
    const intervalUs = intervalMs * 1000
    const { cores, packages } = this.machine
    const isNewMinute = Math.floor(timeMs / 60_000) !== Math.floor((timeMs - intervalMs) / 60_000)
    let busyUs = 0
    for (let at = 0; at < this.#slots.length; at++) {
      const place = this.#slots[at]!
      if (isNewMinute && churn > 0 && draw(seed, this.number, at, 34, round) < churn / 60) {
        this.#replace(place, at, timeMs)
      }
      const load = loadAt(seed, this.number, at, timeMs)
      const usedUs = Math.floor(intervalUs * cores * place.weight * load)
      place.cpuUs += usedUs
      place.memoryBytes = Math.floor((0.5 + 0.5 * load) * 2 ** 30 * (0.25 + place.weight))
      busyUs += usedUs
    }
    // Kernel work for the containers, which none of them reports.
    const systemUs = Math.floor(busyUs * 0.06)
    const waitUs = Math.floor(intervalUs * cores * 0.005)
    const capacityUs = intervalUs * cores
    this.#cpuUs[0]! += busyUs
    this.#cpuUs[1]! += systemUs
    this.#cpuUs[2]! += waitUs
    this.#cpuUs[3]! += capacityUs - busyUs - systemUs - waitUs
    const utilisation = (busyUs + systemUs) / capacityUs
    for (let meter = 0; meter < this.#energyUj.length; meter++) {
      const jitter = 0.98 + 0.04 * draw(seed, this.number, meter, 35, round)
      const watts = wattsOf(meter, packages, cores, utilisation) * jitter
      // A watt for a microsecond is a microjoule.
      this.#energyUj[meter]! += Math.round(watts * intervalUs)
    }
  }

  #replace(place: ContainerSlot, at: number, startMs: number): void {
    place.generation += 1
    place.cpuUs = 0
    const startNano = BigInt(Math.floor(startMs)) * NANO_PER_MILLI
    const container = containerOf(this.#options.seed, this.number, at, place.generation)
    place.template = containerTemplate(this.#options, this.machine, container, startNano)
  }

  #restart(startMs: number): void {
    for (let meter = 0; meter < this.#energyUj.length; meter++) {
      if (this.#begun) this.#earlierUj += this.#energyUj[meter]! - this.#firstUj[meter]!
      this.#energyUj[meter] = 0
    }
    this.#begun = false
    this.#cpuUs.fill(0)
    this.#startNano = BigInt(Math.floor(startMs)) * NANO_PER_MILLI
    this.#template = machineTemplate(this.#options, this.machine, this.#startNano)
    for (const [at, place] of this.#slots.entries()) this.#replace(place, at, startMs)
  }

  #write(timeMs: number, to: RequestBody): void {
    if (!this.#begun) {
      this.#firstUj.set(this.#energyUj)
      this.#begun = true
    }
    const nano = BigInt(Math.floor(timeMs)) * NANO_PER_MILLI + BigInt(this.machine.phaseUs) * 1000n
    const low = Number(nano & 0xffff_ffffn)
    const high = Number(nano >> 32n)
    const { bytes, slots } = this.#template
    const base = to.append(bytes)
    let slot = 0
    for (const counters of [this.#energyUj, this.#cpuUs]) {
      for (let at = 0; at < counters.length; at++) {
        to.int64Parts(base + slots[slot]!, low, high)
        to.double(base + slots[slot + 1]!, counters[at]! / 1e6)
        slot += 2
      }
    }
    for (let at = 0; at < this.#slots.length; at++) {
      const { template, cpuUs, memoryBytes } = this.#slots[at]!
      const start = to.append(template.bytes)
      to.int64Parts(start + template.slots[0]!, low, high)
      to.double(start + template.slots[1]!, cpuUs / 1e6)
      to.int64Parts(start + template.slots[2]!, low, high)
      to.int64Parts(start + template.slots[3]!, memoryBytes % 2 ** 32, memoryBytes / 2 ** 32)
    }
  }
}

/** Packages, then memory, then boards. */
function wattsOf(meter: number, packages: number, cores: number, utilisation: number): number {
  const share = cores / packages
  if (meter < packages) return share * (1.2 + 3.3 * utilisation)
  if (meter < 2 * packages) return share * (0.25 + 0.35 * utilisation)
  return 60 + 340 * utilisation
}

function placesOf(options: FleetOptions, machine: Machine, host: number, startNano: bigint): ContainerSlot[] {
  const { seed, workloads } = options
  const shares = Array.from({ length: workloads }, (_, at) => 0.2 + draw(seed, host, at, 36) ** 3)
  const sum = shares.reduce((total, share) => total + share, 0)
  return shares.map((share, at) => ({
    generation: 0,
    template: containerTemplate(options, machine, containerOf(seed, host, at, 0), startNano),
    cpuUs: Math.floor(1e11 * draw(seed, host, at, 37)),
    memoryBytes: 2 ** 28,
    // Together they use at most 85 % of the machine.
    weight: (0.85 * share) / sum,
  }))
}

/** A host is absent at most once: silent while its meters continue, or down and restarting. */
function absenceOf(options: FleetOptions, host: number): Absence | null {
  const { seed, minutes, intervalMs, silent, reboots } = options
  const rounds = Math.floor((minutes * 60_000) / intervalMs)
  const chance = draw(seed, host, 0, 38)
  if (chance >= silent + reboots) return null
  const restarts = chance < reboots
  const [least, most] = SILENCE_MS
  const lengthMs = restarts ? REBOOT_MS : least + (most - least) * draw(seed, host, 0, 39)
  const length = Math.max(1, Math.ceil(lengthMs / intervalMs))
  // Samples before and after; otherwise it would not be an absence.
  const slack = rounds - length - 2
  if (slack < 1) return null
  const from = 1 + Math.floor(slack * draw(seed, host, 0, 40))
  return { from, to: from + length, restarts }
}

/** Contents of a simulated fleet: hosts, their hardware, and their containers. The seed determines all of it. */
import { draw, hexDigits } from './random.ts'

/** Everything that determines a fleet's samples. */
export interface FleetOptions {
  readonly seed: number
  readonly hosts: number
  /** Containers per host. */
  readonly workloads: number
  /** First sample, unix milliseconds. */
  readonly fromMs: number
  /** Simulated time. */
  readonly minutes: number
  /** Time between two samples of a host. */
  readonly intervalMs: number
  /** Share of hosts with four GPU boards, 0..1. */
  readonly gpus: number
  /** Share of containers that are replaced by a new one each hour, 0..1. */
  readonly churn: number
  /** Share of hosts that are silent once for some minutes; their meters continue. */
  readonly silent: number
  /** Share of hosts that restart once: their counters start again from 0. */
  readonly reboots: number
  /** Share of samples that arrive two and a half minutes late. */
  readonly late: number
}

/** Resource attribute with the fleet's name, by which its rows can be found. */
export const RUN_ATTRIBUTE = 'wattline.simulation'
/** Marks simulated data: see collector/readings. */
export const SOURCE_ATTRIBUTES = { 'wattline.source': 'simulated' } as const

/** The fleet's name: the same for the same seed and time, so running a simulation twice sends the same samples. */
export const runName = ({ seed, fromMs }: FleetOptions): string =>
  hexDigits(8, seed, Math.floor(fromMs / 1000), fromMs % 1000)

/** Prefix of the ids of a fleet's hosts. */
export const hostPrefix = (options: FleetOptions): string => `sim-${runName(options)}-`

/** The hardware of one simulated host. */
export interface Machine {
  readonly id: string
  readonly name: string
  readonly cores: number
  readonly packages: number
  /** µs: offset of this host's samples in the interval. */
  readonly phaseUs: number
  readonly gpus: readonly string[]
}

const CORES = [16, 32, 64] as const

/** The machine of host number `host`; the same for the same seed. */
export function machineOf(options: FleetOptions, host: number): Machine {
  const { seed, intervalMs } = options
  const name = `${hostPrefix(options)}${String(host).padStart(6, '0')}`
  const hasGpus = draw(seed, host, 0, 11) < options.gpus
  return {
    id: name,
    name,
    cores: CORES[Math.floor(draw(seed, host, 0, 12) * CORES.length)]!,
    packages: 2,
    phaseUs: Math.floor(draw(seed, host, 0, 13) * intervalMs * 1000),
    gpus: hasGpus ? [0, 1, 2, 3].map(board => `GPU-${hexDigits(8, seed, host, board, 14)}`) : [],
  }
}

/** One simulated container, with the names that Kubernetes would give it. */
export interface FleetContainer {
  readonly id: string
  readonly name: string
  readonly pod: string
  readonly podUid: string
  readonly namespace: string
}

const SERVICES = [
  'checkout',
  'cart',
  'catalog',
  'payment',
  'search',
  'shipping',
  'currency',
  'email',
  'ads',
  'quote',
  'accounting',
  'frontend',
] as const
const NAMESPACES = ['shop', 'bank', 'media', 'platform'] as const

/** A service name for a number; names repeat after twelve. */
export const serviceOf = (number: number): string => SERVICES[number % SERVICES.length]!
const namespaceOf = (number: number): string => NAMESPACES[number % NAMESPACES.length]!

/** The container in a slot of a host; each replacement is another generation. */
export function containerOf(seed: number, host: number, place: number, generation: number): FleetContainer {
  const name = serviceOf(host + place)
  const key = place * 4096 + generation
  const uid = hexDigits(32, seed, host, key, 21)
  return {
    id: hexDigits(64, seed, host, key, 22),
    name,
    pod: `${name}-${uid.slice(0, 9)}-${uid.slice(27)}`,
    podUid: uid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    namespace: namespaceOf(host + place),
  }
}

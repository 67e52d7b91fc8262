/**
 * Idle power of GPU boards: configured, else the lowest average power of a minute in which nobody held the board. What was used is
 * recorded on the rows, so that minutes are computed again by the same power.
 */
import { parseIdlePowers } from '../../../core/books/gpu-idle.ts'
import { type GpuBoardUse, isUnused } from '../../../core/books/gpu-split.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import { MINUTE_NS } from '../samples/samples.ts'
import type { HostState } from '../state/host-state.ts'
import type { Metered } from './aggregate.ts'
import { namedBy } from './patterns.ts'

/** Power of a board without processes, mW; null: not known. */
export type GpuIdleOf = (host: HostState, domain: string) => bigint | null

/** As configured, else as seen. */
export function createGpuIdle({
  gpu_idle_watts: rules,
}: Pick<Config['metering'], 'gpu_idle_watts'>): GpuIdleOf {
  const configured = rules.map(({ gpus, hosts, watts }) => ({
    milliwatts: BigInt(Math.round(watts * 1000)),
    isBoard: namedBy(gpus),
    isHost: namedBy(hosts),
  }))
  return ({ host, hostName, gpuIdle }, domain) => {
    const uuid = domain.replace(/^gpu-/, '')
    const rule = configured.find(({ isBoard, isHost }) => isBoard(uuid) && isHost(host, hostName))
    return rule?.milliwatts ?? gpuIdle.get(domain) ?? null
  }
}

/** As rows of a minute say: for computing it again. */
export function bookedGpuIdle(text: string): GpuIdleOf {
  const booked = parseIdlePowers(text)
  return (_, domain) => booked.get(domain) ?? null
}

/** Less of a minute says little of its average. */
const SHORTEST_NS = MINUTE_NS / 2
/** Boards of a host: more than any has. */
const MOST_BOARDS = 256

/** Records the power of a board in a minute in which no process held it, if it is the lowest so far. */
export function learnIdlePower(state: HostState, domain: string, metered: Metered, use: GpuBoardUse): void {
  const { energyUj, coveredNs, quality } = metered
  if (quality !== 'measured' || coveredNs < SHORTEST_NS || energyUj <= 0n || !isUnused(use)) return
  const milliwatts = divideHalfEven(energyUj * 1_000_000n, BigInt(coveredNs))
  const known = state.gpuIdle.get(domain)
  if (known !== undefined && known <= milliwatts) return
  if (known === undefined && state.gpuIdle.size >= MOST_BOARDS) return
  state.gpuIdle.set(domain, milliwatts)
  state.derived = null
}

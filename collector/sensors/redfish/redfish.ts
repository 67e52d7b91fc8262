/** A Redfish service as the meter of one or more hosts. */
import {
  type ControlledHost,
  type Controller,
  ControllerError,
  type ControllerValue,
} from '../host/controller.ts'
import { type FoundChassis, findChassis } from './chassis.ts'
import { type RedfishAccess, RedfishClient } from './client.ts'
import { lastDigitStep, microjoulesOf } from './quantities.ts'
import type { ChassisPower } from './sources.ts'

/** A host of the service, and its chassis if there are several. */
export interface RedfishHost {
  readonly host: ControlledHost
  readonly chassis?: string | undefined
}

/** Hardware changes seldom; a chassis that no longer shows its power is searched for at once. */
const SEARCH_AGAIN_MS = 3_600_000
/**
 * A counter in coarser steps is not used beside power: at 300 W, a kilowatt-hour with two decimals would give two minutes
 * nothing and the third everything.
 */
const FINE_UJ = 360_000_000n

/** Asks for all hosts of the service, one after another: controllers are slow, and answer one request at a time. */
export function redfishController(
  access: RedfishAccess,
  hosts: readonly RedfishHost[],
  nowMs: () => number = Date.now,
): Controller {
  const client = new RedfishClient(access)
  const meters = hosts.map(one => new ChassisMeter(client, one, nowMs))
  return {
    name: access.origin,
    source: 'redfish',
    async read(signal) {
      const values: ControllerValue[] = []
      let failure: unknown
      for (const meter of meters) {
        try {
          values.push(await meter.read(signal))
        } catch (error) {
          failure = error
          if (signal.aborted) break
        }
      }
      // One chassis of several may be off; the others count.
      if (values.length === 0 && failure !== undefined) throw failure
      return values
    },
    close: signal => client.close(signal),
  }
}

class ChassisMeter {
  readonly #client: RedfishClient
  readonly #of: RedfishHost
  readonly #nowMs: () => number
  #found: { readonly chassis: FoundChassis; readonly untilMs: number } | undefined
  #finestUj: bigint | undefined

  constructor(client: RedfishClient, of: RedfishHost, nowMs: () => number) {
    this.#client = client
    this.#of = of
    this.#nowMs = nowMs
  }

  async read(signal: AbortSignal): Promise<ControllerValue> {
    const known = this.#found
    if (known !== undefined && this.#nowMs() < known.untilMs) {
      const { source, chassis } = known.chassis
      const power = await source(this.#client, chassis, signal)
      if (power !== undefined) return this.#valueOf(power)
      this.#found = undefined
    }
    const chassis = await findChassis(this.#client, this.#of.chassis, signal)
    this.#found = { chassis, untilMs: this.#nowMs() + SEARCH_AGAIN_MS }
    return this.#valueOf(chassis.first)
  }

  #valueOf({ milliwatts, energy }: ChassisPower): ControllerValue {
    const { host } = this.#of
    const power = milliwatts === undefined ? {} : { milliwatts }
    if (energy === undefined) return { host, ...power }
    const step = lastDigitStep(energy.field, energy.value)
    if (this.#finestUj === undefined || step < this.#finestUj) this.#finestUj = step
    const microjoules = microjoulesOf(energy.field, energy.value)
    const isUsed = microjoules !== undefined && (milliwatts === undefined || this.#finestUj <= FINE_UJ)
    if (!isUsed && milliwatts === undefined) {
      throw new ControllerError('invalid', `${energy.field} is ${energy.value}, which is not a counter.`)
    }
    return { host, ...power, ...(isUsed ? { energy: { microjoules, life: energy.life } } : {}) }
  }
}

/** Power of the whole machine by its controller: DCMI, else those sensors that measure it. */
import { SUPPLY_INPUT_SENSOR, WHOLE_MACHINE_SENSOR } from '../../../core/mappings/table/bmc.ts'
import { ControllerError } from '../host/controller.ts'
import { NO_DCMI, POWER_READING, wattsOf } from './dcmi.ts'
import { type PowerSensor, readSensor, type SendCommand, SensorSearch } from './sdr.ts'

/** A mapping's pattern, `/.../i`. */
const patternOf = (text: string): RegExp => new RegExp(text.slice(1, text.lastIndexOf('/')), 'i')
const WHOLE = patternOf(WHOLE_MACHINE_SENSOR)
const SUPPLY_INPUT = patternOf(SUPPLY_INPUT_SENSOR)

/** The sensors that make up the machine: one of the whole, else what its supplies draw. */
export function machineSensors(sensors: readonly PowerSensor[]): readonly PowerSensor[] {
  const whole = sensors.find(({ name }) => WHOLE.test(name))
  return whole === undefined ? sensors.filter(({ name }) => SUPPLY_INPUT.test(name)) : [whole]
}

/** How one controller is read, found out at the first reading. */
export class MachinePower {
  /** Null: by DCMI, or not known yet. */
  #sensors: readonly PowerSensor[] | null = null
  #search: SensorSearch | null = null

  /** Milliwatts now. @throws ControllerError */
  async read(ask: SendCommand): Promise<bigint> {
    if (this.#sensors !== null) return await this.#sum(ask, this.#sensors)
    if (this.#search !== null) return await this.#bySensors(ask, new ControllerError('unsupported', NO_DCMI))
    const answer = await ask(POWER_READING)
    try {
      return BigInt(wattsOf(answer)) * 1000n
    } catch (error) {
      if (!(error instanceof ControllerError) || error.kind !== 'unsupported') throw error
      return await this.#bySensors(ask, error)
    }
  }

  async #bySensors(ask: SendCommand, noDcmi: ControllerError): Promise<bigint> {
    this.#search ??= new SensorSearch()
    const all = await this.#search.run(ask).catch((error: unknown) => {
      // Other failures are of this reading, and the next one goes on.
      if (error instanceof ControllerError) this.#search = null
      throw error instanceof ControllerError && error.kind === 'unsupported' ? noDcmi : error
    })
    this.#search = null
    const chosen = machineSensors(all)
    if (chosen.length === 0) {
      const names = all.map(({ name }) => name).slice(0, 20)
      const others =
        names.length === 0
          ? 'None of its sensors measures watts.'
          : `Its sensors of watts are parts: ${names.join(', ')}.`
      throw new ControllerError('unsupported', `${noDcmi.message} ${others}`)
    }
    const milliwatts = await this.#sum(ask, chosen)
    this.#sensors = chosen
    return milliwatts
  }

  async #sum(ask: SendCommand, sensors: readonly PowerSensor[]): Promise<bigint> {
    let sum: bigint | null = null
    for (const sensor of sensors) {
      const milliwatts = await readSensor(ask, sensor)
      if (milliwatts !== null) sum = (sum ?? 0n) + milliwatts
    }
    if (sum !== null) return sum
    // Sensors may have changed, as with another firmware.
    this.#sensors = null
    throw new ControllerError(
      'invalid',
      `No reading now of ${sensors.map(({ name }) => name).join(', ')}, which measure the machine.`,
    )
  }
}

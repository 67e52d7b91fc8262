/**
 * Sensors of a controller by its repository of sensor data records (IPMI specification v2.0, chapters 33, 35 and 43): for controllers
 * without DCMI, whose power is a sensor among others.
 */
import { ControllerError } from '../host/controller.ts'
import type { IpmiAnswer, IpmiCommand } from './packets.ts'

/** Sends a command within the time of the reading. */
export type SendCommand = (command: IpmiCommand) => Promise<IpmiAnswer>

const SENSOR = 0x04
const STORAGE = 0x0a
const GET_READING_FACTORS = 0x23
const GET_READING = 0x2d
const RESERVE = 0x22
const GET_SDR = 0x23
const RESERVATION_LOST = 0xc5

const FIRST = 0x0000
const LAST = 0xffff
const HEADER_BYTES = 5
/** Controllers answer no more at once than fits into a message of the slowest bus. */
const PIECE_BYTES = 17
/** Large servers have a few hundred. */
const MOST_RECORDS = 2000
/** Times that one record is begun again. */
const MOST_CANCELLED = 8
const FULL_SENSOR = 0x01
const CONTROLLER = 0x20
const WATTS = 6
/** From here on the factors depend on the reading. */
const NOT_LINEAR = 0x70

/** A sensor that measures power, with what turns its readings into watts. */
export interface PowerSensor {
  readonly number: number
  readonly name: string
  /** How a reading is written: 0 unsigned, 1 ones' complement, 2 two's complement. */
  readonly format: number
  /** Null: the controller is asked for those of each reading. */
  readonly factors: Factors | null
}

/** watts = (m x reading + b x 10^bExponent) x 10^resultExponent */
interface Factors {
  readonly m: number
  readonly b: number
  readonly bExponent: number
  readonly resultExponent: number
}

/**
 * Looks for sensors of the controller itself that measure watts. A list may take longer than the time of one reading, so the next
 * one goes on where it ended.
 */
export class SensorSearch {
  readonly #found: PowerSensor[] = []
  #id = FIRST
  #records = 0

  /** All of them. @throws ControllerError */
  async run(ask: SendCommand): Promise<readonly PowerSensor[]> {
    let reservation = await reserve(ask)
    let cancelled = 0
    while (this.#id !== LAST && this.#records < MOST_RECORDS) {
      const read = await readRecord(ask, reservation, this.#id)
      if (read === 'lost') {
        // Somebody else reserved or changed it meanwhile: once more from this record.
        cancelled += 1
        if (cancelled > MOST_CANCELLED)
          throw new ControllerError('invalid', 'The controller keeps cancelling its list of sensors.')
        reservation = await reserve(ask)
        continue
      }
      cancelled = 0
      this.#records += 1
      const sensor = sensorOf(read.record)
      if (sensor !== undefined) this.#found.push(sensor)
      // A record that names itself as the next one would be read for ever.
      this.#id = read.next === this.#id ? LAST : read.next
    }
    return this.#found
  }
}

async function reserve(ask: SendCommand): Promise<Buffer> {
  const { code, data } = await ask({ netFn: STORAGE, command: RESERVE, data: Buffer.alloc(0) })
  if (code !== 0 || data.length < 2) {
    throw new ControllerError(
      code === 0xd4 ? 'credentials' : 'unsupported',
      `The controller has no DCMI power reading and does not list its sensors (completion code 0x${code.toString(16)}). Set \`privilege: operator\`, read it by Redfish, or meter its power supply.`,
    )
  }
  return Buffer.from(data.subarray(0, 2))
}

async function readRecord(
  ask: SendCommand,
  reservation: Buffer,
  id: number,
): Promise<{ readonly record: Buffer; readonly next: number } | 'lost'> {
  let record = Buffer.alloc(0)
  let next = LAST
  let length = HEADER_BYTES
  while (record.length < length) {
    const left = length - record.length
    const bytes = record.length === 0 ? HEADER_BYTES : Math.min(PIECE_BYTES, left)
    const data = Buffer.from([...reservation, id & 0xff, id >> 8, record.length, bytes])
    const { code, data: answer } = await ask({ netFn: STORAGE, command: GET_SDR, data })
    if (code === RESERVATION_LOST) return 'lost'
    if (code !== 0 || answer.length <= 2) {
      throw new ControllerError(
        'invalid',
        `Reading the controller's list of sensors failed (completion code 0x${code.toString(16)}).`,
      )
    }
    if (record.length === 0) next = answer.readUInt16LE(0)
    record = Buffer.concat([record, answer.subarray(2, 2 + bytes)])
    // The last byte of the header is the number of bytes that follow it.
    if (length === HEADER_BYTES && record.length >= HEADER_BYTES) length = HEADER_BYTES + record[4]!
    // Most records are of no interest, and each piece is a round trip.
    if (!mayBePower(record)) break
  }
  return { record, next }
}

/** Places of a full sensor record. */
const TYPE = 3
const OWNER = 5
const OWNER_LUN = 6
const NUMBER = 7
const UNITS = 20
const BASE_UNIT = 21
const MODIFIER_UNIT = 22
const LINEARIZATION = 23
const FACTORS = 24
const NAME_LENGTH = 47
const NAME = 48

/** By what has been read of it so far. */
const mayBePower = (record: Buffer): boolean =>
  (record.length <= TYPE || record[TYPE] === FULL_SENSOR) &&
  (record.length <= BASE_UNIT || record[BASE_UNIT] === WATTS)

/** Undefined where a record is no sensor of the controller that measures watts. Exported for its test. */
export function sensorOf(record: Buffer): PowerSensor | undefined {
  if (record.length <= NAME || record[TYPE] !== FULL_SENSOR) return undefined
  if (record[OWNER] !== CONTROLLER || (record[OWNER_LUN]! & 0x03) !== 0) return undefined
  const format = record[UNITS]! >> 6
  // Neither a percentage, nor a rate, nor a product of units.
  const isWatts =
    record[BASE_UNIT] === WATTS && (record[UNITS]! & 0x3f) === 0 && record[MODIFIER_UNIT] === 0 && format < 3
  if (!isWatts) return undefined
  const linearization = record[LINEARIZATION]! & 0x7f
  // Logarithms and powers: no meter of watts has them.
  if (linearization !== 0 && linearization < NOT_LINEAR) return undefined
  const length = record[NAME_LENGTH]! & 0x1f
  return {
    number: record[NUMBER]!,
    name: record
      .toString('latin1', NAME, NAME + length)
      .replaceAll(/[^\x20-\x7e]/g, '')
      .trim(),
    format,
    factors: linearization === 0 ? factorsOf(record.subarray(FACTORS, FACTORS + 6)) : null,
  }
}

/** M, tolerance, B, accuracy, accuracy, exponents; of a record, and of an answer for one reading. */
function factorsOf(bytes: Buffer): Factors {
  const ten = (low: number, high: number): number => signed(low | ((high & 0xc0) << 2), 10)
  return {
    m: ten(bytes[0]!, bytes[1]!),
    b: ten(bytes[2]!, bytes[3]!),
    bExponent: signed(bytes[5]! & 0x0f, 4),
    resultExponent: signed(bytes[5]! >> 4, 4),
  }
}

const signed = (value: number, bits: number): number => (value >= 2 ** (bits - 1) ? value - 2 ** bits : value)

/** Milliwatts now; null where the sensor has no reading, as of a supply that is not there. @throws ControllerError */
export async function readSensor(ask: SendCommand, sensor: PowerSensor): Promise<bigint | null> {
  const { code, data } = await ask({
    netFn: SENSOR,
    command: GET_READING,
    data: Buffer.from([sensor.number]),
  })
  // 0xcb: the sensor is not there now; 0xcd, 0xd5: it cannot be read in this state.
  if (code === 0xcb || code === 0xcd || code === 0xd5) return null
  if (code !== 0 || data.length < 2) {
    throw new ControllerError(
      code === 0xd4 ? 'credentials' : 'invalid',
      `Sensor ${sensor.name} cannot be read (completion code 0x${code.toString(16)}).`,
    )
  }
  const [raw = 0, flags = 0] = data
  const isScanned = (flags & 0x40) !== 0 && (flags & 0x20) === 0
  if (!isScanned) return null
  const factors = sensor.factors ?? (await factorsFor(ask, sensor, raw))
  return sensorMilliwatts(raw, sensor.format, factors)
}

async function factorsFor(ask: SendCommand, { number, name }: PowerSensor, raw: number): Promise<Factors> {
  const { code, data } = await ask({
    ...{ netFn: SENSOR, command: GET_READING_FACTORS, data: Buffer.from([number, raw]) },
  })
  if (code === 0 && data.length >= 7) return factorsOf(data.subarray(1, 7))
  throw new ControllerError(
    'invalid',
    `The factors of sensor ${name} cannot be read (completion code 0x${code.toString(16)}).`,
  )
}

/** Exact: factors are whole numbers with powers of ten. Below a milliwatt it is rounded. Exported for its test. */
export function sensorMilliwatts(
  raw: number,
  format: number,
  { m, b, bExponent, resultExponent }: Factors,
): bigint {
  const value =
    format === 0
      ? raw
      : format === 1 && raw >= 0x80
        ? raw - 0xff
        : format === 2 && raw >= 0x80
          ? raw - 0x100
          : raw
  // Everything times 10^16: exponents are -8 to 7, both of them.
  const scale = (exponent: number): bigint => 10n ** BigInt(exponent + 8)
  const scaled = (BigInt(m * value) * scale(0) + BigInt(b) * scale(bExponent)) * scale(resultExponent) * 1000n
  const one = 10n ** 16n
  const rounded = (scaled + one / 2n) / one
  return scaled < 0n ? 0n : rounded
}

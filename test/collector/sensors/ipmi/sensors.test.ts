/**
 * Guarantees: a controller without DCMI is read by those of its sensors that measure the machine, exactly: one of the whole, else the sum
 * of what its supplies draw; a list that takes long, is cancelled or holds other things is no obstacle; and where no sensor
 * measures the machine, the error names those that were found.
 */
import { describe, expect, test } from 'vitest'
import { lanController } from '../../../../collector/sensors/ipmi/lan.ts'
import { sensorMilliwatts, sensorOf } from '../../../../collector/sensors/ipmi/sdr.ts'
import { type BmcBehaviour, startBmc } from './bmc.ts'

const host = { tenant: 't', host: 'node-1', hostName: 'node-1' }

interface SensorFacts {
  readonly number: number
  readonly name: string
  readonly unit?: number
  readonly m?: number
  readonly b?: number
  /** Of B and of the result, each four bits. */
  readonly exponents?: number
  readonly linearization?: number
  readonly owner?: number
  readonly units?: number
}

/** A full sensor record (43.1). */
function sensor(facts: SensorFacts): Buffer {
  const { number, name, unit = 6, m = 1, b = 0, exponents = 0, linearization = 0 } = facts
  const record = Buffer.alloc(48 + name.length)
  record.set([1, 0, 0x51, 1, record.length - 5, facts.owner ?? 0x20, 0, number])
  record.set([facts.units ?? 0, unit, 0, linearization], 20)
  record.set([m & 0xff, (m >> 2) & 0xc0, b & 0xff, (b >> 2) & 0xc0, 0, exponents], 24)
  record[47] = 0xc0 | name.length
  record.write(name, 48, 'latin1')
  return record
}
/** A record of something else: where the controller is (type 0x12). */
const locator = Buffer.from([1, 0, 0x51, 0x12, 11, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
const NO_DCMI: Partial<BmcBehaviour> = { code: 0xc1 }

async function connected(behaviour: Partial<BmcBehaviour>) {
  const bmc = await startBmc({ ...NO_DCMI, ...behaviour })
  const controller = lanController({
    ...{ address: '127.0.0.1', port: bmc.port, host, suites: [17], keepsSession: true },
    login: { user: 'monitor', password: 'secret', privilege: 'user' },
  })
  return { bmc, read: async () => (await controller.read(AbortSignal.timeout(30_000)))[0]?.milliwatts }
}

describe('readings', () => {
  test('of the sensor of the whole machine, among others', async () => {
    const records = [
      locator,
      sensor({ number: 1, name: 'CPU Temp', unit: 1 }),
      sensor({ number: 2, name: 'PSU1 PIN', m: 4 }),
      sensor({ number: 3, name: 'Pwr Consumption', m: 2, b: 5 }),
    ]
    const { bmc, read } = await connected({ records, readings: { 2: [9, 0x40], 3: [70, 0x40] } })
    expect(await read()).toBe(145_000n)
    bmc.behaviour.readings = { 3: [71, 0x40] }
    expect(await read()).toBe(147_000n)
  })

  test('the sum of what supplies draw; one that is not there draws nothing', async () => {
    const records = [1, 2, 3].map(number => sensor({ number, name: `PSU${number} Input Power`, m: 4 }))
    const { bmc, read } = await connected({
      records: [...records, sensor({ number: 4, name: 'PSU1 Output Power' })],
      readings: { 1: [30, 0x40], 2: [25, 0x40], 3: [99, 0x60], 4: [200, 0x40] },
    })
    expect(await read()).toBe(220_000n)
    bmc.behaviour.readings = { 1: [30, 0x40], 2: 0xcb, 3: 0xcb }
    expect(await read()).toBe(120_000n)
    bmc.behaviour.readings = {}
    await expect(read()).rejects.toThrow(/No reading now of PSU1 Input Power, PSU2 Input Power/)
  })

  test('factors of each reading, where a sensor is not linear', async () => {
    const { read } = await connected({
      records: [sensor({ number: 7, name: 'Total_Power', linearization: 0x70 })],
      readings: { 7: [60, 0x40] },
    })
    expect(await read()).toBe(120_000n)
  })

  test('a list that is cancelled again and again, over a network that loses datagrams', async () => {
    const others = Array.from({ length: 12 }, (_, index) =>
      sensor({ number: 10 + index, name: `Fan ${index}`, unit: 18 }),
    )
    const { read } = await connected({
      records: [...others, sensor({ number: 3, name: 'System Power' })],
      readings: { 3: [88, 0x40] },
      ...{ cancels: 7, loses: 40 },
    })
    expect(await read()).toBe(88_000n)
  })
})

describe('refusals', () => {
  test('no sensor of the machine: those that measure watts are named', async () => {
    const { read } = await connected({ records: [sensor({ number: 1, name: 'CPU1 Power' })] })
    await expect(read()).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/no DCMI power reading.*parts: CPU1 Power\./),
    })
  })

  test('DCMI that appears later is used', async () => {
    const { bmc, read } = await connected({})
    await expect(read()).rejects.toThrow(/no DCMI power reading/)
    bmc.behaviour.code = 0
    expect(await read()).toBe(100_000n)
  })
})

describe('records', () => {
  test.each<[string, SensorFacts]>([
    ['of another controller', { number: 1, name: 'Power', owner: 0x2c }],
    ['of volts', { number: 1, name: 'Power', unit: 4 }],
    ['of a percentage', { number: 1, name: 'Power', units: 0x01 }],
    ['of watts per second', { number: 1, name: 'Power', units: 0x08 }],
    ['without an analog reading', { number: 1, name: 'Power', units: 0xc0 }],
    ['of a logarithm', { number: 1, name: 'Power', linearization: 1 }],
  ])('%s: none', (_, facts) => {
    expect(sensorOf(sensor(facts))).toBeUndefined()
    expect(sensorOf(sensor({ number: 1, name: 'Power' }))).toMatchObject({ number: 1, name: 'Power' })
  })

  test('cut short: none', () => {
    const whole = sensor({ number: 1, name: 'Power' })
    for (let length = 0; length <= 48; length++) expect(sensorOf(whole.subarray(0, length))).toBeUndefined()
  })
})

describe('formulas', () => {
  // y = (M x + B 10^K1) 10^K2 W, as in 36.3 of the specification.
  test.each<[string, number, number, [number, number, number, number], bigint]>([
    ['unsigned', 200, 0, [3, 0, 0, 0], 600_000n],
    ['an offset with an exponent', 10, 0, [2, 3, 1, 0], 50_000n],
    ['tenths', 123, 0, [1, 0, 0, -1], 12_300n],
    ['below a milliwatt: rounded', 5, 0, [1, 0, 0, -4], 1n],
    ['ones’ complement', 0xfa, 1, [-2, 0, 0, 0], 10_000n],
    ['two’s complement', 0xfb, 2, [-2, 0, 0, 0], 10_000n],
    ['below nothing', 1, 0, [-1, 0, 0, 0], 0n],
  ])('%s', (_, raw, format, [m, b, bExponent, resultExponent], milliwatts) => {
    expect(sensorMilliwatts(raw, format, { m, b, bExponent, resultExponent })).toBe(milliwatts)
  })

  test('negative factors are read from their ten and four bits', () => {
    expect(sensorOf(sensor({ number: 1, name: 'Power', m: -300, b: -2, exponents: 0xe3 }))?.factors).toEqual({
      ...{ m: -300, b: -2, bExponent: 3, resultExponent: -2 },
    })
  })
})

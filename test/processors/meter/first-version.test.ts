/** Guarantees: state that the first version stored is read as what it was, and metering goes on from it without a seam. */
import { expect, test } from 'vitest'
import { decodeHostState, encodeHostState } from '../../../processors/meter/codec.ts'
import { at, drive, energyAt, modeAt, reading, workAt } from './support.ts'

const RANGE = { RangeMax: 2n ** 62n }
const START = 2n ** 60n
const memory = (seconds: number, bytes: bigint) =>
  reading({
    Quantity: 'memory',
    Domain: 'rss',
    WorkloadKind: 'container',
    WorkloadId: 'A',
    Timestamp: at(seconds),
    Value: bytes,
    Attributes: { z: '1', a: 'ü' },
  })
const BEFORE = [
  [
    energyAt(0, START, RANGE),
    energyAt(50, START + 500n, RANGE),
    modeAt(5, 'user', 7n),
    modeAt(400, 'user', 700n),
    workAt(1, 'A', 10n),
    workAt(95, 'A', 900n),
    memory(2, 5n),
    memory(97, 9n),
  ],
  [energyAt(130, START + 1300n, RANGE)],
]
/** What the first version stored after these: late samples, carried rests, values beyond 53 bits. */
const STORED =
  'AQAHZGVmYXVsdAACaDEAA29uZYCA6Yer/syGMYCA6Yer/syGMbpgl+GFDgQBAAAEAAljb250YWluZXIAAUEABmJvb3QtMQAEdGVzdAAIbWVhc3VyZWSA' +
  '4KWWuxEA/6fVtuARAAH/p9W24BGIDgEABHVzZXIEBAQHCAmA4KWWuxEAAAL/v/yCqgKMAQEA+AoAAAlwYWNrYWdlLTAEBAQHCAmA4KWWuxGAgICAgICA' +
  'gIAB/6+B2q8UAAL/r4HarxToh4CAgICAgCCAgPmF1ATADAMAA3JzcwQFBgcICYDgpZa7EQD/16jD0REAAf/XqMPRERIBAAtjb250YWluZXIAQf/XqMPR' +
  'EQIAAWEAAsO8AAF6AAEx'

test('the first version of stored state is read, and metering goes on from it', () => {
  const steady = drive()
  steady.record(BEFORE[0]!, 12_345)
  steady.record(BEFORE[1]!, 12_346)
  const state = decodeHostState({ numbers: Buffer.from(STORED, 'base64'), names: undefined })
  expect(decodeHostState(encodeHostState(state)).series).toEqual(state.series)

  const resumed = drive()
  for (const key of steady.states.keys()) resumed.states.set(key, state)
  const closed = steady.energy.length
  for (const run of [steady, resumed]) {
    run.record([energyAt(460, START + 4600n), workAt(430, 'A', 1000n)], 12_347)
    run.flush(1200)
  }
  expect(resumed.energy).toEqual(steady.energy.slice(closed))
  expect(resumed.energy.length).toBeGreaterThan(3)
  expect(resumed.late).toEqual(steady.late)
})

test('cut short it is refused', () => {
  const bytes = Buffer.from(STORED, 'base64')
  expect(() => decodeHostState({ numbers: bytes.subarray(0, -1), names: undefined })).toThrow(
    /cannot be read/,
  )
})

/** Guarantees: state that the first version stored is read as what it was, and metering goes on from it without a seam. */
import { expect, test } from 'vitest'
import { decodeHostState, encodeHostState } from '../../../processors/meter/codec/codec.ts'
import { hostKey } from '../../../processors/meter/samples/keys.ts'
import { drive, energyAt, NOON_SECONDS, workAt } from './support.ts'

const START = 2n ** 60n
/**
 * What the first version stored after two records: late samples, rests that were carried, values beyond 53 bits. Energy of 0, 50
 * and 130 s, the last of them late; CPU time of mode user at 5 and 400 s, of A at 1 and 95 s; memory of A at 2 and 97 s.
 */
const STORED =
  'AQAHZGVmYXVsdAACaDEAA29uZYCA6Yer/syGMYCA6Yer/syGMbpgl+GFDgQBAAAEAAljb250YWluZXIAAUEABmJvb3QtMQAEdGVzdAAIbWVhc3VyZWSA' +
  '4KWWuxEA/6fVtuARAAH/p9W24BGIDgEABHVzZXIEBAQHCAmA4KWWuxEAAAL/v/yCqgKMAQEA+AoAAAlwYWNrYWdlLTAEBAQHCAmA4KWWuxGAgICAgICA' +
  'gIAB/6+B2q8UAAL/r4HarxToh4CAgICAgCCAgPmF1ATADAMAA3JzcwQFBgcICYDgpZa7EQD/16jD0REAAf/XqMPRERIBAAtjb250YWluZXIAQf/XqMPR' +
  'EQIAAWEAAsO8AAF6AAEx'

/** What the second version stored after the same. */
const SECOND = {
  names:
    'AgAHZGVmYXVsdAACaDEAA29uZQQBAAAEAAljb250YWluZXIAAUEABmJvb3QtMQAEdGVzdAAIbWVhc3VyZWSA4KWWuxEAAQAEdXNlcgQEBAcICYDgpZa7' +
    'EQAAAAlwYWNrYWdlLTAEBAQHCAmA4KWWuxGAgICAgICAgIABAwADcnNzBAUGBwgJgOCllrsRAAEAC2NvbnRhaW5lcgBBAgABYQACw7wAAXoAATE=',
  numbers:
    'AtSQ5b0FgIDph6v+zIYxALpgl+GFDgEB/6fVtuARiA4HAIwBAQD4CgEC/6+B2q8U6IeAgICAgIAggID5hdQEwAwBAf/XqMPRERL/16jD0RE=',
}
/** What the third version stored after other readings, and what it booked of them. */
const THIRD = {
  names:
    'AwAHZGVmYXVsdAACaDEAA29uZQMBAAAEAAljb250YWluZXIAAUEABmJvb3QtMQAEdGVzdAAIbWVhc3VyZWSA4KWWuxEAAAEABHVzZXIEBAQHCAmA4KWW' +
    'uxEAAAAACXBhY2thZ2UtMAQEBAcICYDgpZa7EQAAAQALY29udGFpbmVyAEEBAA13b3JrbG9hZC5uYW1lAAluYW1lIG9mIEE=',
  numbers:
    'A5GA64YHgIDph6v+zIYxANCjv8u3M4Dhz8u3MwCX4YUOAzwAAAL/14bknBcAgJDXw/cWvgEDPAAAAv+3rf3+FgCAuK39/hawCQNlAAAC/6+B2q8U6IeA' +
    'gICAgIAggLCB2q8U2Db/x6+gJQ==',
}
/** The same as the fourth version stored it. */
const FOURTH = {
  names:
    'BAAHZGVmYXVsdAACaDEAA29uZQMBAAAEAAljb250YWluZXIAAUEABmJvb3QtMQAEdGVzdAAIbWVhc3VyZWSA4KWWuxEAAAABAAR1c2VyBAQEBwgJgOCllrsRAAAAAAAJcGFja2FnZS0wBAQEBwgJgOCllrsRAAAAAQALY29udGFpbmVyAEEBAA13b3JrbG9hZC5uYW1lAAluYW1lIG9mIEE=',
  numbers:
    'BILvw+oPgIDph6v+zIYxANCjv8u3M4Dhz8u3MwCX4YUOAzwAAAL/14bknBcAgJDXw/cWvgEDPAAAAv+3rf3+FgCAuK39/hawCQNlAAAC/6+B2q8U6IeAgICAgIAggLCB2q8U2Db/x6+gJQ==',
}
/** The same as the fifth version stored it. */
const FIFTH = {
  names: FOURTH.names,
  numbers:
    'BYLvw+oPgIDph6v+zIYxANCjv8u3M4Dhz8u3MwCX4YUO/8evoCVHoMKLHAADPAAAAoCo1rkHAICQ18P3Fr4BAzwAAAKAyK+gJQCAuK39/hawCQNlAAACgNDbw/QC6IeAgICAgIAggLCB2q8U2DYA',
}
const THIRD_ROWS = [
  ...['6 idle - 0 0', '6 unattributed - 600 61', '7 active A 0 259', '7 unattributed - 400 0'],
]
/** What that version booked of it from its seventh minute on, and what it told as late. */
const ROWS = [
  '6 active A 154 18 0',
  '6 idle - 0 0 0',
  '6 unattributed - 446 52 0',
  '7 active A 0 3 0',
  '7 unattributed - 400 0 0',
]
const LATE = [
  ...['1 cpu_time 7', '2 cpu_time 18', '3 cpu_time 18', '4 cpu_time 18', '5 cpu_time 18'],
  ...['0 energy 100', '1 energy 600', '2 energy 600', '3 energy 600', '4 energy 600', '5 energy 600'],
]
const minuteOf = (seconds: number): number => (seconds - NOON_SECONDS) / 60

test.each([
  ['first', { numbers: Buffer.from(STORED, 'base64'), names: undefined }],
  ['second', { numbers: Buffer.from(SECOND.numbers, 'base64'), names: Buffer.from(SECOND.names, 'base64') }],
])('state that the %s version stored is read, and metering goes on from it', (_, stored) => {
  const state = decodeHostState(stored)
  expect(decodeHostState(encodeHostState(state)).series).toEqual(state.series)
  const run = drive()
  run.states.set(hostKey(state.tenant, state.host), state)
  run.record([energyAt(460, START + 4600n), workAt(430, 'A', 1000n)])
  run.flush(1200)
  const rows = run.energy.map(row =>
    [
      minuteOf(row.WindowStart),
      row.Share,
      row.WorkloadId || '-',
      row.EnergyUj,
      row.CpuUs,
      row.MemoryByteSeconds,
    ].join(' '),
  )
  expect(rows).toEqual(ROWS)
  expect(run.late.map(row => [minuteOf(row.WindowStart), row.Quantity, row.Value].join(' '))).toEqual(LATE)
})

test.each([
  ['third', THIRD],
  ['fourth', FOURTH],
  ['fifth', FIFTH],
])('state that the %s version stored is read, and metering goes on from it', (_, stored) => {
  const [names, numbers] = [Buffer.from(stored.names, 'base64'), Buffer.from(stored.numbers, 'base64')]
  const state = decodeHostState({ names, numbers })
  expect(decodeHostState(encodeHostState(state)).series).toEqual(state.series)
  const run = drive()
  run.states.set(hostKey(state.tenant, state.host), state)
  run.record([energyAt(460, START + 4600n), workAt(430, 'A', 1000n)])
  run.flush(1200)
  const rows = run.energy.map(row =>
    [minuteOf(row.WindowStart), row.Share, row.WorkloadId || '-', row.EnergyUj, row.CpuUs].join(' '),
  )
  expect(rows).toEqual(THIRD_ROWS)
})

test('cut short it is refused', () => {
  const bytes = Buffer.from(STORED, 'base64')
  expect(() => decodeHostState({ numbers: bytes.subarray(0, -1), names: undefined })).toThrow(
    /cannot be read/,
  )
})

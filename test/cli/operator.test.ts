// Guarantees: `lag` and `quarantine` print the instance's answer: nothing pending is a dash, a replay says whether it
// took place, and user text in an error cannot control the terminal.
import { expect, it } from 'vitest'
import { renderLag } from '../../cli/lag.ts'
import { renderQuarantine, renderRecord, renderReplay } from '../../cli/quarantine.ts'
import { ageText } from '../../cli/units.ts'
import type { QuarantinedRecordAnswer } from '../../core/api/answers.ts'

it.each([
  [0, '0.0 s'],
  [0.04, '<0.1 s'],
  [59.9, '59.9 s'],
  [90, '1.5 min'],
  [5_400, '1.5 h'],
  [129_600, '1.5 d'],
])('shows %d seconds as %s', (seconds, text) => expect(ageText(seconds)).toBe(text))

const lag = {
  partitions: [
    {
      group: 'store',
      stream: 'traces',
      partition: 0,
      end: '120',
      committed: '100',
      pending: '20',
      oldest_pending_seconds: 90,
    },
    {
      group: 'meter',
      stream: 'readings',
      partition: 1,
      end: '7',
      committed: '7',
      pending: '0',
      oldest_pending_seconds: null,
    },
  ],
}

it('prints lag by partition', () => {
  expect(renderLag(lag, 'table').split('\n')).toEqual([
    'processor  stream    partition  end  committed  pending  oldest pending',
    'store      traces            0  120        100       20         1.5 min',
    'meter      readings          1    7          7        0               -',
    '',
  ])
  expect(JSON.parse(renderLag(lag, 'json'))).toEqual(lag)
  expect(renderLag({ partitions: [] }, 'table')).toBe('Nothing is pending.\n')
})

it('prints how new the newest rows are, and says when that is unknown', () => {
  const newest = [
    { stream: 'traces', time: '2026-11-20T12:00:00.000Z', age_seconds: 90 },
    { stream: 'logs', time: null, age_seconds: null },
    { stream: 'ledger', time: '2026-11-20T12:03:00.000Z', age_seconds: -90 },
  ]
  expect(renderLag({ partitions: [], newest }, 'table').split('\n')).toEqual([
    'Nothing is pending.',
    '',
    'stream  newest row                age',
    'traces  2026-11-20T12:00:00.000Z  1.5 min',
    'logs    -                         -',
    'ledger  2026-11-20T12:03:00.000Z  ahead',
    '',
  ])
  expect(renderLag({ partitions: [], newest: null }, 'table')).toContain('The tables do not answer')
})

const record: QuarantinedRecordAnswer = {
  stream: 'traces',
  partition: 0,
  offset: '17',
  made: '2026-11-20T12:00:00.000Z',
  processors: ['store'],
  code: 'record_refused',
  error: `bad \u001b[2J${'x'.repeat(200)}`,
  bytes: 1234,
  replay: { state: 'none', times: 0, place: null },
  errors: [{ processor: 'store', code: 'record_refused', error: 'bad' }],
  key: null,
  headers: { colour: 'red' },
  damaged: false,
  ambiguous: false,
  record: 'YQ==',
}

it('prints one line for each record, with its error shortened and escaped', () => {
  const [names, line] = renderQuarantine({ records: [record], truncated: false }).split('\n')
  expect(names).toMatch(/^record +made \(UTC\) +quarantined by +bytes +replayed +code +error$/)
  expect(line).toMatch(
    /^traces\/0\/17 +2026-11-20 12:00:00 +store +1234 +no +record_refused +bad \ufffd\[2Jx+…$/,
  )
  expect(line!.length).toBeLessThan(180)
  expect(renderQuarantine({ records: [record], truncated: true })).toMatch(
    /Only 1 records are listed; --limit lists more/,
  )
  expect(renderQuarantine({ records: [], truncated: false })).toBe('The quarantine is empty.\n')
})

it.each([
  [{ state: 'done', times: 1, place: 'traces/0/25' }, 'as traces/0/25'],
  [{ state: 'done', times: 2, place: 'traces/0/30' }, '2 times, last as traces/0/30'],
  [{ state: 'unknown', times: 0, place: null }, 'unknown'],
] as const)('describes replay %j: %s', (replay, text) => {
  expect(renderQuarantine({ records: [{ ...record, replay }], truncated: false })).toContain(` ${text} `)
})

it('prints one record with its details', () => {
  const lines = renderRecord({ ...record, damaged: true })
    .trimEnd()
    .split('\n')
  expect(lines.map(line => line.split(/ {2,}/))).toEqual([
    ['record', 'traces/0/17'],
    ['made (UTC)', '2026-11-20 12:00:00'],
    ['bytes', '1234, damaged: what was left of it'],
    ['replayed', 'no'],
    ['error of store', 'record_refused: bad'],
    ['header colour', 'red'],
  ])
})

it('says where the replayed record is, and for which readers', () => {
  expect(renderReplay({ from: 'traces/0/17', to: 'traces/0/25', processors: ['meter', 'store'] })).toBe(
    'traces/0/17 was appended again as traces/0/25, for meter, store.\n',
  )
})

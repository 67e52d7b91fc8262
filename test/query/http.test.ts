/** Guarantees of the small parts of HTTP: parameters are read once and within limits, metrics are valid text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Broker } from '../../core/broker/broker.ts'
import { labelText } from '../../core/model/label-text.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { tablesOf } from '../../core/model/streams/stream.ts'
import { integerParameter, knownParameters, single, wordParameter } from '../../query/http/parameters.ts'
import {
  counterFamilies,
  LOG_READERS,
  lagFamilies,
  rowAgeFamilies,
  sharedLag,
} from '../../query/status/metrics.ts'
import { writeMetrics } from '../../query/status/metrics-text.ts'
import { parsed } from '../collector/prometheus/scrape/parsed.ts'
import { runs } from '../support/runs.ts'

describe('parameters', () => {
  it('are read once, within limits, with known names', () => {
    expect(integerParameter({ n: '5' }, 'n', { min: 1, max: 9, absent: 3 })).toBe(5)
    expect(integerParameter({}, 'n', { min: 1, max: 9, absent: 3 })).toBe(3)
    for (const n of ['0', '10', 'x', '1.5']) {
      expect(() => integerParameter({ n }, 'n', { min: 1, max: 9, absent: 3 })).toThrow(/from 1 to 9/)
    }
    expect(() => single({ n: ['1', '2'] }, 'n')).toThrow(/given 2 times/)
    expect(() => wordParameter({ n: 'c' }, 'n', ['a', 'b'], 'a')).toThrow(/one of a, b/)
    expect(() => knownParameters({ m: '1' }, ['n'])).toThrow(/no parameter m/)
  })
})

describe('metrics', () => {
  it('are written with help, type and escaped labels', () => {
    const text = writeMetrics([
      {
        name: 'a_total',
        type: 'counter',
        help: 'What\nit is',
        samples: [{ labels: labelText({ x: 'q"\n' }), value: 1 }],
      },
      { name: 'empty', type: 'gauge', help: '', samples: [] },
    ])
    expect(text).toBe('# HELP a_total What\\nit is\n# TYPE a_total counter\na_total{x="q\\"\\n"} 1\n')
  })

  it('are parsed back unchanged by our own parser, with any labels', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), value => {
        const samples = [{ labels: labelText({ job: value, other: `\t${value}\u0007` }), value: 1 }]
        const text = writeMetrics([{ name: 'a_total', type: 'counter', help: '', samples }])
        const [told] = parsed('prometheus', text).filter(item => 'name' in item)
        const read = Object.fromEntries(told?.labels ?? [])
        const whole = value.toWellFormed()
        expect(read).toEqual({ ...(whole === '' ? {} : { job: whole }), other: `\t${whole}\u0007` })
      }),
      { seed: 20261130, numRuns: runs(30) },
    )
  })

  it('contain every counter that was incremented', () => {
    const samples = new Map([['wattline_sql_refused_total', new Map([['reason="node"', 3]])]])
    const found = counterFamilies(samples).filter(family => family.samples.length > 0)
    expect(found).toMatchObject([
      { name: 'wattline_sql_refused_total', samples: [{ labels: 'reason="node"', value: 3 }] },
    ])
  })

  it('show how far each reader of the log is behind', async () => {
    const broker: Pick<Broker, 'lag'> = {
      lag: async (group, stream) =>
        group === 'store' && stream === 'traces'
          ? [
              { partition: 0, end: 10n, committed: 7n, oldestPendingMs: 4_000 },
              { partition: 1, end: 5n, committed: 5n, oldestPendingMs: null },
            ]
          : [],
    }
    const text = writeMetrics(await lagFamilies(broker, 10_000))
    expect(text).toContain('wattline_log_lag_records{group="store",stream="traces",partition="0"} 3\n')
    expect(text).toContain('wattline_log_lag_seconds{group="store",stream="traces",partition="0"} 6\n')
    expect(text).toContain('wattline_end_to_end_age_seconds 6\n')
  })

  it('query the log once for simultaneous scrapes, and work without it', async () => {
    let asked = 0
    let nowMs = 0
    const lag = async () => {
      asked += 1
      return []
    }
    const answering = sharedLag({ lag }, () => nowMs)
    await Promise.all([answering(), answering()])
    expect(asked).toBe(LOG_READERS.length)
    nowMs = 60_000
    await answering()
    expect(asked).toBe(2 * LOG_READERS.length)
    const away = sharedLag({ lag: () => Promise.reject(new Error('away')) }, () => nowMs)
    expect(await away()).toEqual([])
    const hanging = sharedLag({ lag: () => new Promise(() => {}) }, () => nowMs, 10)
    expect(await hanging()).toEqual([])
  })

  it('write a histogram as buckets, sum and count', () => {
    const ages = { bounds: [1, 60], cumulative: [2, 3], count: 4, sum: 500.5 }
    const text = writeMetrics(
      rowAgeFamilies(new Map([['traces', { ages, newestSeconds: 1_700_000_000.25 }]])),
    )
    expect(text.split('\n').filter(line => !line.startsWith('# HELP'))).toEqual([
      '# TYPE wattline_row_age_seconds histogram',
      'wattline_row_age_seconds_bucket{stream="traces",le="1"} 2',
      'wattline_row_age_seconds_bucket{stream="traces",le="60"} 3',
      'wattline_row_age_seconds_bucket{stream="traces",le="+Inf"} 4',
      'wattline_row_age_seconds_sum{stream="traces"} 500.5',
      'wattline_row_age_seconds_count{stream="traces"} 4',
      '# TYPE wattline_newest_row_timestamp_seconds gauge',
      'wattline_newest_row_timestamp_seconds{stream="traces"} 1700000000.25',
      '',
    ])
  })

  it('know the readers of every stream with a table', () => {
    const stored = LOG_READERS.filter(reader => reader.group === 'store').map(reader => reader.stream)
    expect(stored).toEqual(STREAMS.filter(stream => tablesOf(stream).length > 0).map(stream => stream.name))
  })
})

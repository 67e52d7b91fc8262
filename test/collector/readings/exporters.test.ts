/**
 * Guarantees: what real exporters show becomes the readings that exporters/*.txt state, with the type that the exporter gives
 * and without; every metric of the built-in table is in one of these files or in recognise.test.ts.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Reading } from '../../../collector/readings/reading.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { CONTEXT } from '../otlp/decode/support.ts'
import { parsed } from '../prometheus/scrape/parsed.ts'
import { recognisedIn, requestOf } from './recognising.ts'

const folder = new URL('exporters/', import.meta.url)
const TARGET = 'target-1'
const T = 1_700_000_000_000_000_000n
const ANY_TIME = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: T } }

interface Shown {
  readonly line: string
  readonly expected: string
}

const shownIn = (file: string): readonly Shown[] =>
  readFileSync(new URL(file, folder), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [sample = '', expected = ''] = line.split(/\s*#>\s*/)
      return { line: sample, expected }
    })

/** Recognises one sample of a scrape of `target-1`. */
function recognised(line: string, kind: 'sum' | 'gauge') {
  const sample = parsed('prometheus', `${line}\n`).find(told => 'value' in told)
  if (sample === undefined) throw new Error(`no sample in ${line}`)
  const labels: LabelMap = Object.fromEntries(
    [...line.matchAll(/([A-Za-z_][A-Za-z0-9_]*)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
  )
  return recognisedIn(
    requestOf([
      {
        name: /^[^{ ]+/.exec(line)![0],
        kind,
        temporality: kind === 'sum' ? 2 : 0,
        monotonic: kind === 'sum',
        resource: { 'service.instance.id': `${TARGET}:9100` },
        points: [
          {
            timeUnixNano: T,
            startTimeUnixNano: 0n,
            value: Number(sample.value),
            attributes: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')),
          },
        ],
      },
    ]),
    ANY_TIME,
  )
}

/** The same in the form of the files. */
function written(reading: Reading, names: readonly string[]): string {
  const place = `${reading.Domain || (reading.Device === '' ? '' : '-')}${reading.Device === '' ? '' : `/${reading.Device}`}`
  const name = reading.HostName === reading.Host ? '' : `(${reading.HostName})`
  const host = reading.Host === TARGET ? [] : [`@${reading.Host}${name}`]
  const attributes = names.map(name => `${name}=${reading.Attributes[LONG[name] ?? name]}`)
  return [
    reading.Quantity,
    place,
    reading.WorkloadKind,
    reading.WorkloadId,
    '=',
    reading.Value,
    ...host,
    ...(attributes.length === 0 ? [] : [`{${attributes.join(', ')}}`]),
  ]
    .filter(part => part !== '')
    .join(' ')
}

const LONG: Readonly<Record<string, string>> = { name: 'workload.name', namespace: 'workload.namespace' }

describe.each(readdirSync(folder).filter(file => file.endsWith('.txt')))('%s', file => {
  const shown = shownIn(file)

  test('has samples', () => expect(shown.length).toBeGreaterThan(3))

  test.each(shown)('$line', ({ line, expected }) => {
    for (const kind of ['sum', 'gauge'] as const) {
      const { readings, ignored } = recognised(line, kind)
      if (expected === '' || expected.startsWith('no: ')) {
        expect(readings).toEqual([])
        expect([...ignored.keys()].map(reason => `no: ${reason}`).join()).toBe(expected)
        continue
      }
      const names = [...(/\{(.*)\}$/.exec(expected)?.[1] ?? '').matchAll(/(?:^|, )([^=]+)=/g)].map(
        ([, name]) => name!,
      )
      expect([...ignored]).toEqual([])
      expect(readings.map(reading => written(reading, names))).toEqual(expected.split(' & '))
    }
  })
})

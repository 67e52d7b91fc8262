/** Guarantees: every example of docs/mapping-examples.md passes `wattline check`, and makes of each sample the reading beside it. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createRecogniser } from '../../collector/readings/recogniser.ts'
import { crossChecks } from '../../core/catalogue/config/cross-checks.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { CONTEXT } from '../collector/otlp/decode/support.ts'
import { recognisedIn, requestOf } from '../collector/readings/recognising.ts'

const T = 1_700_000_000_000_000_000n
const ANY_TIME = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: T } }
const UNITS: Readonly<Record<string, string>> = { power: 'mW', energy: 'µJ' }

const page = readFileSync(new URL('../../docs/mapping-examples.md', import.meta.url), 'utf8')
const examples = page
  .split(/^## /m)
  .slice(1)
  .map(section => ({
    title: section.slice(0, section.indexOf('\n')),
    config: configSchema.parse(parse(/```yaml\n([\s\S]*?)```/.exec(section)?.[1] ?? '')),
    samples: (
      /```\n([^`]*?)```/.exec(
        section.slice(section.indexOf('```', section.indexOf('```yaml') + 7) + 3),
      )?.[1] ?? ''
    )
      .trim()
      .split('\n'),
  }))

test('there are examples of many kinds', () => expect(examples.length).toBeGreaterThanOrEqual(10))

describe.each(examples)('$title', ({ config, samples }) => {
  test('passes the checks', () => {
    expect(config.mappings.length).toBeGreaterThan(0)
    expect(crossChecks(config)).toEqual([])
  })

  test.each(samples)('%s', line => {
    const found = /^(\w+)\{(.*)\} (\S+) #> (.+)$/.exec(line)
    if (found === null) throw new Error(`not a sample with its reading: ${line}`)
    const [, name = '', labels = '', value = '', expected = ''] = found
    const attributes = Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text = '']) => [label, text]),
    )
    const point = { timeUnixNano: T, startTimeUnixNano: 0n, value: Number(value), attributes }
    const body = requestOf([
      {
        ...{ name, kind: 'gauge', temporality: 0, monotonic: false, points: [point] },
        resource: { 'service.instance.id': 'target-1:9100' },
      },
    ])
    const { readings } = recognisedIn(body, ANY_TIME, createRecogniser({ mappings: config.mappings }))
    const told = readings.map(
      ({ Quantity, Domain, Device, Value, Host }) =>
        `${Quantity} ${Domain}${Device === '' ? '' : `/${Device}`} ${Value} ${UNITS[Quantity]} of ${Host}`,
    )
    expect(told.join() || 'nothing').toBe(expected)
  })
})

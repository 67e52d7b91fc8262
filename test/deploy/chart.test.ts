// Guarantees: the chart's values, their schema and its templates agree; the examples satisfy the schema, and missing or
// misspelt values do not. Rendering needs Helm: `npm run validate:deploy`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { STREAMS } from '../../core/model/streams/index.ts'
import { logReaders } from '../../core/model/streams/readers.ts'

const CHART = new URL('../../deploy/helm/wattline', import.meta.url).pathname
const EXAMPLES = new URL('../../deploy/helm/examples', import.meta.url).pathname
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8')
const defaults = parse(read(CHART, 'values.yaml')) as Record<string, unknown>
const chart = parse(read(CHART, 'Chart.yaml')) as Record<string, string>
const validate = new Ajv({ allErrors: true, strict: false }).compile(
  JSON.parse(read(CHART, 'values.schema.json')) as object,
)
const templates = readdirSync(join(CHART, 'templates'))
  .map(name => read(CHART, 'templates', name))
  .join('\n')
const examples = readdirSync(EXAMPLES).map(
  name => [name, parse(read(EXAMPLES, name)) as Record<string, unknown>] as const,
)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Like Helm: objects are merged, everything else is replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over === undefined ? base : over
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(over)])].map(key => [key, merge(base[key], over[key])]),
  )
}

const problemsOf = (values: unknown): string[] => {
  validate(merge(defaults, values))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

describe('values', () => {
  it('require only what an operator must decide', () => {
    const paths = problemsOf({}).map(problem => problem.split(' ')[0])
    expect(new Set(paths.filter(path => path !== '/agent' && path !== ''))).toEqual(
      new Set([
        '/kafka/brokers',
        '/clickhouse/urls',
        '/clickhouse/secret/name',
        '/auth/secret/name',
        '/agent/tokenSecret/name',
      ]),
    )
  })

  it.each(examples)('of example %s are valid', (_, values) => expect(problemsOf(values)).toEqual([]))

  it.each<[string, unknown]>([
    ['an unknown key', { colector: {} }],
    ['an unknown key below', { agent: { hostPid: true } }],
    ['a word for a number', { collector: { replicas: 'two' } }],
    ['no replica at all', { query: { replicas: 0 } }],
    ['an autoscaler that a role has not', { query: { autoscaling: { kind: 'keda' } } }],
    ['a broker without a port', { kafka: { brokers: ['kafka'] } }],
    ['a login without its secret', { kafka: { sasl: { mechanism: 'PLAIN' } } }],
    ['an address with a path', { clickhouse: { urls: ['http://a/b'] } }],
  ])('refuse %s', (_, values) => {
    const [, minimal] = examples.find(([name]) => name === 'minimal.yaml')!
    expect(problemsOf(merge(minimal, values)).length).toBeGreaterThan(0)
  })

  it('are the ones that the templates read', () => {
    const read = new Set([...templates.matchAll(/\.Values\.([a-zA-Z]+)/g)].map(([, key]) => key!))
    // Roles are read by name, in a loop.
    for (const role of ['collector', 'processors', 'query']) read.add(role)
    expect([...read].sort()).toEqual(Object.keys(defaults).sort())
  })

  it('each have a default that is read somewhere', () => {
    const unread = leaves(defaults).filter(path => !templates.includes(path.split('.').at(-1)!))
    expect(unread).toEqual([])
  })
})

function leaves(value: unknown, path = ''): string[] {
  if (
    !isObject(value) ||
    Object.keys(value).length === 0 ||
    /(resources|nodeSelector|From|updateStrategy)$/.test(path)
  )
    return [path]
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`))
}

describe('the chart', () => {
  it('scales processors by the lag of every group they read as', () => {
    // A compacted stream has one partition: another process cannot help there.
    const single = new Set(STREAMS.filter(({ compacted }) => compacted).map(({ name }) => name))
    const groups = new Set(
      logReaders({ processors: true, forward: false })
        .filter(({ stream }) => !single.has(stream))
        .map(({ group }) => group),
    )
    const scaled = /range list ((?:"\w+" ?)+)\}\}\s+- type: kafka/.exec(templates)![1]!
    expect([...scaled.matchAll(/\w+/g)].map(([group]) => group).sort()).toEqual([...groups].sort())
  })

  it('has the version of the program as its appVersion', () => {
    const { version } = JSON.parse(read(CHART, '../../../package.json')) as { version: string }
    expect(String(chart['appVersion'])).toBe(version)
  })

  it('includes only templates that are defined', () => {
    const defined = new Set([...templates.matchAll(/define "([^"]+)"/g)].map(([, name]) => name))
    const included = new Set([...templates.matchAll(/include "([^"]+)"/g)].map(([, name]) => name))
    expect([...included].filter(name => !defined.has(name))).toEqual([])
    expect([...defined].filter(name => !included.has(name))).toEqual([])
  })
})

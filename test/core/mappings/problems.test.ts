/**
 * Guarantees: a configured mapping is refused, with the place and the remedy, if it does not say exactly what it measures, or may read
 * what another mapping reads; the built-in table passes the same checks; docs/mappings.md shows valid mappings.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { crossChecks } from '../../../core/catalogue/config/cross-checks.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { mappingProblems } from '../../../core/mappings/problems.ts'
import type { MappingRow } from '../../../core/mappings/row.ts'
import { BUILT_IN_ROWS } from '../../../core/mappings/table/table.ts'

const POWER = { source: 'pdu', metric: 'pdu_watts', quantity: 'power', unit: 'W', domain: 'host' } as const
const CPU = {
  source: 'batch',
  metric: 'batch_cpu',
  quantity: 'cpu_time',
  unit: 's',
  workload: { kind: 'slurm_job', id: '{job}' },
} as const

const problemsOf = (...rows: MappingRow[]): string[] =>
  mappingProblems(rows, BUILT_IN_ROWS).map(({ path, problem }) => `${path}: ${problem}`)

test.each<readonly [string, MappingRow]>([
  ['0.unit: "furlong" is not a unit', { ...POWER, unit: 'furlong' }],
  ['0.unit: "J" does not measure power', { ...POWER, unit: 'J' }],
  ['0.unit: "KB" is not a unit', { ...CPU, quantity: 'memory', unit: 'KB', domain: 'usage' }],
  ['0.scale: must be a number above 0', { ...POWER, scale: '0' }],
  ['0.scale: must be a number above 0', { ...POWER, scale: '-1' }],
  ['0.scale: must be a number above 0', { ...POWER, scale: '1/0' }],
  ['0.alias: is for quantity identity alone', { ...POWER, alias: '{a}' }],
  ['0.workload: or alias must say who is meant', { ...POWER, quantity: 'identity', unit: '1' }],
  ['0.host: is missing: it has the alias', { ...POWER, quantity: 'identity', unit: '1', alias: '{a}' }],
  ['0.value: must be a number above 0', { ...POWER, value: 'one' }],
  ['0.domain: must name the board', { ...POWER, quantity: 'gpu_held', unit: '1' }],
  ['0.domain: is missing', { ...POWER, domain: undefined }],
  ['0.domain: "board" is not a meter', { ...POWER, domain: 'board' }],
  ['0.domain: "{zone}" is not a meter', { ...POWER, domain: '{zone}' }],
  ['0.domain: "package-" is not a meter', { ...POWER, domain: 'package-' }],
  ['0.domain: "packages" is not a meter', { ...POWER, domain: 'packages' }],
  ['0.domain: "hostile-{x}" is not a meter', { ...POWER, domain: ['host', 'hostile-{x}'] }],
  ['0.workload: power belongs to a meter', { ...POWER, workload: CPU.workload }],
  ['0.domain: is missing: name the label of the CPU mode', { ...CPU, workload: undefined }],
  ['0.workload: is missing', { ...CPU, quantity: 'memory', unit: 'By', workload: undefined }],
  ['0.domain: must be one of working_set, usage, rss', { ...CPU, quantity: 'memory', unit: 'By' }],
  [
    '0.domain: must be one of receive, transmit',
    { ...CPU, quantity: 'network_io', unit: 'By', domain: 'in' },
  ],
  ['0.device: "{a" has a { without a }', { ...POWER, device: '{a' }],
  ['0.device: "a}" has a } without a {', { ...POWER, device: 'a}' }],
  ['0.workload.id: "{}" does not name labels', { ...CPU, workload: { kind: 'vm', id: '{}' } }],
  [
    '0.workload.labels.x: "{a b}" does not name',
    { ...CPU, workload: { kind: 'vm', id: 'a', labels: { x: '{a b}' } } },
  ],
  ['0.when: "/(/" is not a regular expression', { ...POWER, when: { a: '/(/' } }],
  [
    '0.metric: is already read as power (ipmi_exporter)',
    { ...POWER, metric: 'ipmi_dcmi_power_consumption_watts' },
  ],
  ['0.replaces: there is no built-in mapping', { ...POWER, replaces: true }],
])('%s', (expected, row) => {
  const problems = problemsOf(row)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(expected)
})

describe('two mappings of one metric', () => {
  test.each<readonly [MappingRow['when'], MappingRow['when'], boolean]>([
    [undefined, undefined, true],
    [{ a: 'x' }, undefined, true],
    [{ a: 'x' }, { a: 'x' }, true],
    [{ a: 'x' }, { b: 'y' }, true],
    [{ a: '/x/' }, { a: '/y/' }, true],
    [{ a: '/^x/' }, { a: 'xy' }, true],
    [{ a: 'x' }, { a: 'y' }, false],
    [{ a: '/^x/' }, { a: 'y' }, false],
    [{ a: 'y', b: '1' }, { a: '/^x/', b: '1' }, false],
  ])('%j and %j may meet: %s', (first, second, mayMeet) => {
    const problems = problemsOf({ ...POWER, when: first }, { ...POWER, when: second })
    expect(problems).toEqual(
      mayMeet
        ? ['1.metric: mappings.0 may read the same points. Tell them apart by when, or remove one']
        : [],
    )
  })

  test('a built-in mapping gives way where the configured one says so, and where conditions tell them apart', () => {
    const metric = 'ipmi_power_watts'
    expect(problemsOf({ ...POWER, metric, replaces: true })).toEqual([])
    expect(problemsOf({ ...POWER, metric, when: { name: 'Front Panel' } })).toEqual([])
  })
})

test('the built-in rows pass the same checks', () => {
  const declared = BUILT_IN_ROWS.filter(row => row.reader === undefined)
  expect(declared.length).toBeGreaterThan(60)
  const problems = mappingProblems(declared, []).filter(({ path }) => !path.endsWith('.metric'))
  expect(problems).toEqual([])
})

test('the mappings of docs/mappings.md are valid, and errors name their place in the file', () => {
  const page = readFileSync(new URL('../../../docs/mappings.md', import.meta.url), 'utf8')
  const files = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text!) as object)
  expect(files).toHaveLength(2)
  for (const file of files) expect(crossChecks(configSchema.parse(file))).toEqual([])
  const wrong = configSchema.parse({ mappings: [{ ...POWER, unit: 'J' }] })
  expect(crossChecks(wrong).map(({ path }) => path)).toEqual(['mappings.0.unit'])
  for (const bad of [
    { ...POWER, quantity: 'heat' },
    { ...POWER, colour: 'red' },
    { ...CPU, workload: { kind: 'x', id: 'a' } },
  ]) {
    expect(configSchema.safeParse({ mappings: [bad] }).success).toBe(false)
  }
})

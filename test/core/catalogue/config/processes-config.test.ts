// Guarantees: several processes are refused with a remedy where they are impossible; without role collector the setting
// has no effect; each process gets its share of memory and bytes in flight, and only the first one measures and
// scrapes.
import { expect, it } from 'vitest'
import { resolveConfig } from '../../../../core/catalogue/config/load.ts'
import { collectorProcesses, workerConfig } from '../../../../core/catalogue/config/processes.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'

const GOOD = {
  WATTLINE_ROLES: 'collector',
  WATTLINE_COLLECTOR_PROCESSES: '2',
  WATTLINE_BROKER_KIND: 'kafka',
  WATTLINE_BROKER_BROKERS: 'k1:9092',
}

function problemsOf(environment: Record<string, string>): readonly string[] {
  const sources = { yaml: undefined, environment: { ...GOOD, ...environment }, readFile: () => '' }
  const result = resolveConfig(sources)
  return result.ok ? [] : result.problems.map(({ path, problem }) => `${path}: ${problem}`)
}

it.each([
  ['Kafka and role collector alone', {}, null],
  ['processors beside collectors, by one file', { WATTLINE_ROLES: 'processors,query' }, null],
  [
    'an embedded log',
    { WATTLINE_BROKER_KIND: 'embedded', WATTLINE_FORWARD_URL: 'http://centre:4318' },
    /collector\.processes: only one process .*`broker.kind: kafka`/,
  ],
  ['other roles too', { WATTLINE_ROLES: 'collector,processors,query' }, /--roles collector/],
  ['forwarding', { WATTLINE_FORWARD_URL: 'http://centre:4318' }, /forward\.url/],
  [
    'eight bodies of 64 MiB in 256',
    { WATTLINE_COLLECTOR_PROCESSES: '8' },
    /limits\.in_flight_bytes: .*each of 8/,
  ],
  [
    'little memory',
    { WATTLINE_LIMITS_MEMORY_BYTES: '600000000' },
    /limits\.memory_bytes: .*at least 704643072/,
  ],
  ['enough memory', { WATTLINE_LIMITS_MEMORY_BYTES: '704643072' }, null],
  ['none', { WATTLINE_COLLECTOR_PROCESSES: '0' }, /collector\.processes/],
])('%s', (_name, environment, expected) => {
  const problems = problemsOf(environment as Record<string, string>)
  if (expected === null) expect(problems).toEqual([])
  else expect(problems.join('\n')).toMatch(expected)
})

const config = configSchema.parse({
  roles: ['collector'],
  collector: { processes: 4 },
  limits: { memory_bytes: 4 * 2 ** 30 + 160 * 2 ** 20, in_flight_bytes: 400 },
  scrape: { jobs: [{ job_name: 'node' }] },
})

it('divides limits that apply to the whole', () => {
  for (const index of [0, 3]) {
    const { limits, listen } = workerConfig(config, index)
    expect(limits).toMatchObject({ memory_bytes: 2 ** 30, in_flight_bytes: 100 })
    expect(listen.http).toBe('off')
  }
})

it('divides the available memory if none is set', () => {
  const { limits, ...rest } = config
  const { memory_bytes: unset, ...others } = limits
  const share = workerConfig({ ...rest, limits: others }, 0).limits.memory_bytes as number
  expect(unset).toBeGreaterThan(0)
  expect(share).toBeGreaterThan(0)
  expect(share * 4).toBeLessThan(process.constrainedMemory() || Number.POSITIVE_INFINITY)
})

it('measures and scrapes only in the first one', () => {
  const [first, second] = [0, 1].map(index => workerConfig(config, index))
  expect(first?.sensors).toEqual(config.sensors)
  expect(first?.scrape.jobs).toHaveLength(1)
  expect(second?.sensors).toMatchObject({ cpu_time: 'off', rapl: 'off', estimate: 'off' })
  expect(second?.scrape.jobs).toEqual([])
})

it('is one process if the role is not collector', () => {
  expect(collectorProcesses({ roles: ['processors'], collector: { processes: 4 } })).toBe(1)
  expect(collectorProcesses(config)).toBe(4)
})

// Guarantees: the check reports everything that would make entries wrong or a start fail, with a text, a remedy, and
// all at once; durations and sizes may have units everywhere; negative energy prices are valid.
import { expect, it } from 'vitest'
import { resolveConfig } from '../../../../core/catalogue/config/load.ts'

const resolve = (yaml: string, environment: Record<string, string> = {}) =>
  resolveConfig({ yaml, environment, readFile: () => '', isFile: path => path.endsWith('.txt') })

function configOf(yaml: string, environment: Record<string, string> = {}) {
  const result = resolve(yaml, environment)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.config
}

function problemsOf(yaml: string, environment: Record<string, string> = {}): string[] {
  const result = resolve(yaml, environment)
  return result.ok ? [] : result.problems.map(({ path, problem }) => `${path}: ${problem}`)
}

const bands = (...times: readonly string[]): string =>
  `tariffs: {bands: [${times.map(time => {
    const [from, to] = time.split('-')
    return `{from: "${from}", to: "${to}", price_per_kwh: "0.1"}`
  })}]}`

it.each([
  ['tariffs: {price_per_kwh: "-0.05"}'],
  ['tariffs: {bands: [{from: "00:00", to: "06:00", price_per_kwh: "-0.1"}]}'],
  [bands('06:00-22:00', '22:00-06:00')],
  [bands('23:00-01:00', '01:00-02:00', '22:30-23:00', '02:00-22:30')],
  [bands('12:00-24:00', '00:00-12:00')],
  ['tariffs: {time_zone: America/Argentina/Buenos_Aires, currency: CHF}'],
  ['factors: {pue: "1.0", embodied_years: "0.5"}'],
  ['factors: {zone: DE-BW, intensity_g_per_kwh: "300"}'],
  ['listen: {http: 0, otlp_http: 0, otlp_grpc: 0}'],
  ['listen: {http: "off", otlp_http: "off", otlp_grpc: "off"}'],
  [
    '{roles: [query], warehouse: {kind: clickhouse, url: ["http://c:8123"]}, broker: {kind: kafka, brokers: ["k:9092"]}, listen: {http: 4318}}',
  ],
  ['data: /folder'],
])('accepts %s', yaml => expect(problemsOf(yaml)).toEqual([]))

it.each([
  [
    'tariffs: {time_zone: Europe/Berln}',
    'tariffs.time_zone: unknown time zone Europe/Berln: use an IANA name such as Europe/Berlin; did you mean `Europe/Berlin`?',
  ],
  [
    'tariffs: {time_zone: ""}',
    'tariffs.time_zone: unknown time zone : use an IANA name such as Europe/Berlin',
  ],
  ['tariffs: {currency: EUX}', /^tariffs\.currency: EUX is not an ISO 4217 currency; did you mean `...`\?$/],
  ['tariffs: {currency: euro}', 'tariffs.currency: must be an ISO 4217 code of three capitals, such as EUR'],
  [
    'tariffs: {price_per_kwh: 0.25}',
    'tariffs.price_per_kwh: must be a decimal number in quotes, such as "0.25"',
  ],
  ['tariffs: {price_per_vcpu_hour: "-1"}', /^tariffs\.price_per_vcpu_hour: .*not below 0$/],
  ['tariffs: {price_per_kwh: "1e3"}', /^tariffs\.price_per_kwh: must be a decimal number in quotes/],
  [bands('25:00-06:00'), /^tariffs\.bands\.0\.from: 25:00 is not a time of day/],
  [bands('24:00-06:00'), /^tariffs\.bands\.0\.from: 24:00 is not a time of day/],
  [bands('02:60-03:00'), /^tariffs\.bands\.0\.from: 02:60 is not a time of day/],
  [bands('2:00-03:00'), /^tariffs\.bands\.0\.from: must be a time of day in quotes, such as "06:00"/],
  [
    bands('06:00-06:00'),
    'tariffs.bands.0: begins and ends at 06:00; for the whole day use tariffs.price_per_kwh',
  ],
  [bands('06:00-22:00', '21:00-23:00'), 'tariffs.bands.1: 21:00-23:00 overlaps bands.0, 06:00-22:00'],
  [bands('22:00-06:00', '05:59-07:00'), 'tariffs.bands.1: 05:59-07:00 overlaps bands.0, 22:00-06:00'],
  [bands('01:00-02:00', '23:00-22:00'), 'tariffs.bands.1: 23:00-22:00 overlaps bands.0, 01:00-02:00'],
  ['factors: {pue: "0.99"}', /^factors\.pue: must be at least 1, not 0\.99/],
  ['factors: {pue: "0"}', /^factors\.pue: must be at least 1/],
  ['factors: {embodied_years: "0.00"}', /^factors\.embodied_years: must be above 0/],
  ['factors: {embodied_years: "-1"}', /^factors\.embodied_years: .*not below 0$/],
  ['factors: {zone: XX}', /^factors\.zone: no average intensity is known for zone XX.*intensity_g_per_kwh$/],
  ['listen: {http: 4318}', 'listen.otlp_http: port 4318 is already used by listen.http'],
  ['listen: {otlp_grpc: 4318}', 'listen.otlp_grpc: port 4318 is already used by listen.otlp_http'],
  ['listen: {http: 70000}', 'listen.http: must be a port from 0 to 65535 (0: any free port), or off'],
  ['listen: {host: 5}', 'listen.host: must be text'],
  ['data: /notes.txt', /^data: \/notes\.txt is a file: set it to a folder/],
  ['scrape: {jobs: [{}]}', 'scrape.jobs.0.job_name: is missing: must be text'],
  ['roles: []', 'roles: needs at least 1 item'],
  ['broker: {kind: rabbit}', 'broker.kind: must be one of embedded, kafka'],
  ['broker: {partitions: 0}', 'broker.partitions: must be at least 1'],
  ['broker: {partitions: 1.5}', 'broker.partitions: must be a whole number'],
  ['telemetry: {sample_ratio: 2}', 'telemetry.sample_ratio: must be at most 1'],
  ['telemetry: {traces: 1}', 'telemetry.traces: must be true or false'],
  ['forward: {url: "nowhere"}', 'forward.url: must be an address such as https://collector.example:4318'],
  ['sensors: {interval: 0}', /^sensors\.interval: must be a duration above 0, such as 5s/],
  ['sensors: {interval: 5 s}', /^sensors\.interval: must be a duration/],
  ['sensors: {interval: 5S}', /^sensors\.interval: must be a duration/],
  ['broker: {max_bytes: 16G}', /^broker\.max_bytes: must be a size, such as 256MiB or 16GiB/],
  ['broker: {max_bytes: 0.5B}', /^broker\.max_bytes: must be a size/],
  ['retention: {signals_days: 36h}', /^retention\.signals_days: must be whole days, such as 30d/],
  ['group_commit: {wait_ms: 0.5ms}', /^group_commit\.wait_ms: must be a duration of whole milliseconds/],
])('refuses %s', (yaml, problem) => {
  const found = problemsOf(yaml)
  // Invalid values, one at a time.
  expect(found).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)])
})

it('accepts durations and sizes with units, and bare numbers, from the file and the environment', () => {
  const { sensors, broker, retention, group_commit, limits, metering, scrape } = configOf(
    `
sensors: {interval: 500ms}
broker: {retention_time: 1h30m, retention_bytes: 8MiB, max_bytes: 16GiB}
retention: {signals_days: 30d, ledger_days: 400}
group_commit: {wait_ms: 0.1s, thin_wait_ms: 1000}
metering: {lateness: 0s, uplink_patience: 2d}
limits: {body_bytes: 64MB}
scrape: {in_flight_bytes: 128MiB, jobs: [{job_name: a, scrape_interval: 1m, body_size_limit: 16MiB}]}
`,
    {
      WATTLINE_LIMITS_SQL_SECONDS: '1m',
      WATTLINE_LIMITS_SQL_MEMORY_BYTES: '1.5GiB',
      WATTLINE_LIMITS_FUTURE_SECONDS: '3600',
      WATTLINE_METERING_GAP: '5m',
    },
  )
  expect(sensors.interval).toBe(0.5)
  expect(broker).toMatchObject({ retention_time: 5400, retention_bytes: 2 ** 23, max_bytes: 2 ** 34 })
  expect(retention).toEqual({ signals_days: 30, ledger_days: 400 })
  expect(group_commit).toMatchObject({ wait_ms: 100, thin_wait_ms: 1000 })
  expect(metering).toMatchObject({ lateness: 0, uplink_patience: 172_800, gap: 300 })
  expect(limits).toMatchObject({ body_bytes: 64e6, future_seconds: 3600 })
  expect(limits.sql).toMatchObject({ seconds: 60, memory_bytes: 1.5 * 2 ** 30 })
  expect(scrape.in_flight_bytes).toBe(2 ** 27)
  expect(scrape.jobs[0]).toMatchObject({ scrape_interval: 60, body_size_limit: 2 ** 24 })
})

it('reports invalid values and conflicting values together', () => {
  const yaml = `
listen: {http: 4318, otlp_grpc: nine}
factors: {pue: "0.5", zone: 5}
tariffs: {time_zone: Nowhere, currency: e, bands: [{from: "1", to: "2", price_per_kwh: "1"}]}
data: /a.txt
colour: red
`
  expect(problemsOf(yaml, { WATTLINE_COLOR: 'blue' }).map(line => line.slice(0, line.indexOf(':')))).toEqual([
    'WATTLINE_COLOR',
    'listen.otlp_grpc',
    'factors.zone',
    'tariffs.currency',
    'tariffs.bands.0.from',
    'tariffs.bands.0.to',
    'colour',
    'listen.otlp_http',
    'factors.pue',
    'tariffs.time_zone',
    'data',
  ])
})

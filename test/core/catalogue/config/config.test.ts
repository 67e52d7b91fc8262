// Guarantees: defaults apply, environment overrides file overrides default, unknown keys are refused with a suggestion,
// all problems are reported at once, secrets are read, the result is immutable.
import { describe, expect, it } from 'vitest'
import { environmentNames } from '../../../../core/catalogue/config/environment.ts'
import { type ConfigSources, resolveConfig } from '../../../../core/catalogue/config/load.ts'
import { closest } from '../../../../core/catalogue/config/suggest.ts'

const sources = (yaml: string | undefined, environment: Record<string, string> = {}): ConfigSources => ({
  yaml,
  environment,
  readFile: path => {
    if (path === '/secret') return 'FR'
    throw new Error('no such file')
  },
})

function configOf(yaml: string | undefined, environment: Record<string, string> = {}) {
  const result = resolveConfig(sources(yaml, environment))
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.config
}

function problemsOf(yaml: string, environment: Record<string, string> = {}) {
  const result = resolveConfig(sources(yaml, environment))
  return result.ok ? [] : result.problems.map(({ path, problem }) => `${path}: ${problem}`)
}

describe('configuration', () => {
  it('has a default for every key', () => {
    const config = configOf(undefined)
    expect(config.listen).toEqual({
      host: '127.0.0.1',
      http: 9288,
      clickhouse: 8123,
      otlp_http: 4318,
      otlp_grpc: 4317,
      keda: 9289,
      jaeger: 'off',
      kubernetes: 'off',
      tls: {},
      cors_origins: [],
    })
    expect(config.factors.zone).toBe('WORLD')
  })

  it('prefers the environment to the file and the file to the default', () => {
    const config = configOf('listen: {http: 1000, otlp_http: 1001}\n', { WATTLINE_LISTEN_HTTP: '2000' })
    expect(config.listen.http).toBe(2000)
    expect(config.listen.otlp_http).toBe(1001)
  })

  it('keeps text that looks like a number as text', () => {
    expect(configOf(undefined, { WATTLINE_FACTORS_PUE: '1.20' }).factors.pue).toBe('1.20')
    expect(configOf(undefined, { WATTLINE_FACTORS_ZONE: 'NO' }).factors.zone).toBe('NO')
  })

  it('ignores address and token for clients', () => {
    const environment = { WATTLINE_URL: 'http://127.0.0.1:9288', WATTLINE_TOKEN: 'wl_x' }
    expect(configOf(undefined, environment).listen.http).toBe(9288)
  })

  it('reads the Kafka settings, also from the environment, and reports missing ones', () => {
    const { broker } = configOf('broker: {kind: kafka, tls: {enabled: true, ca: "${file:/secret}"}}', {
      WATTLINE_BROKER_BROKERS: 'k1:9092,k2:9092',
      WATTLINE_BROKER_SASL_MECHANISM: 'SCRAM-SHA-512',
      WATTLINE_BROKER_SASL_USERNAME: 'u',
      WATTLINE_BROKER_SASL_PASSWORD: '0123',
    })
    expect(broker.brokers).toEqual(['k1:9092', 'k2:9092'])
    expect(broker.tls).toEqual({ enabled: true, ca: 'FR' })
    expect(broker.sasl).toEqual({ mechanism: 'SCRAM-SHA-512', username: 'u', password: '0123' })
    expect(
      problemsOf('broker: {kind: kafka, sasl: {mechanism: PLAIN, username: u}, tls: {cert: c}}'),
    ).toEqual([
      'broker.brokers: Kafka needs host:port of at least one broker',
      'broker.sasl: PLAIN needs username and password',
      'broker.tls: certificate and key must be set together',
    ])
    expect(problemsOf('broker: {kind: kafka, brokers: [nowhere]}')).toEqual([
      'broker.brokers.0: host:port, such as kafka-1:9092',
    ])
  })

  it('accepts off as a port', () => {
    expect(configOf('listen: {otlp_http: "off"}').listen.otlp_http).toBe('off')
  })

  it('reads secrets from files and the environment', () => {
    expect(configOf('factors: {zone: "${file:/secret}"}').factors.zone).toBe('FR')
    expect(configOf('factors: {zone: "${env:Z}"}', { Z: 'DE' }).factors.zone).toBe('DE')
    expect(problemsOf('factors: {zone: "${file:/none}"}')).toEqual([
      'factors.zone: cannot read /none: no such file',
    ])
  })

  it('reports all problems at once, with suggestions', () => {
    const problems = problemsOf('lisen: {}\nlisten: {htp: 1, host: 0.0.0.0}\nsensors: {interval: -1}\n', {
      WATTLINE_LISTEN_HTPP: '1',
    })
    expect(problems).toContain('lisen: unknown key; did you mean `listen`?')
    expect(problems).toContain('listen.htp: unknown key; did you mean `http`?')
    expect(problems.some(line => line.startsWith('sensors.interval: '))).toBe(true)
    expect(problems.some(line => line.includes('did you mean `WATTLINE_LISTEN_HTTP`'))).toBe(true)
  })

  it('refuses to listen beyond loopback without tokens', () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.0.0.1.example.com']) {
      expect(problemsOf(`listen: {host: "${host}"}`)).toEqual([
        expect.stringMatching(
          /^listen\.host: .* is not a loopback address, but no tokens are configured: set `auth\.tokens_file/,
        ),
      ])
      expect(problemsOf(`{listen: {host: "${host}"}, auth: {tokens_file: t.yaml}}`)).toEqual([])
    }
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) {
      expect(problemsOf(`listen: {host: "${host}"}`)).toEqual([])
    }
  })

  it('accepts certificates and origins that match', () => {
    expect(configOf('listen: {tls: {cert: c, key: k, client_ca: a}}').listen.tls).toEqual({
      cert: 'c',
      key: 'k',
      client_ca: 'a',
    })
    expect(problemsOf('listen: {tls: {cert: c}}')[0]).toMatch(/^listen\.tls: certificate and key must/)
    expect(problemsOf('listen: {tls: {client_ca: a}}')[0]).toMatch(/^listen\.tls\.client_ca: needs/)
    expect(problemsOf('listen: {tls: {cert: "-----BEGIN CERTIFICATE-----", key: k}}')[0]).toMatch(
      /not its contents/,
    )
    expect(problemsOf('listen: {cors_origins: ["*"]}')[0]).toMatch(
      /^listen\.cors_origins: `\*` lets every web page/,
    )
    expect(problemsOf('listen: {cors_origins: [shop.example]}')[0]).toMatch(/an origin as browsers send it/)
    expect(
      configOf('listen: {cors_origins: ["https://shop.example", "https://*.shop.example:8443"]}').listen
        .cors_origins,
    ).toHaveLength(2)
  })

  it('checks relations between keys', () => {
    expect(problemsOf('metering: {method: baseline}')).toHaveLength(1)
    expect(problemsOf('limits: {in_flight_bytes: 10}')).toHaveLength(1)
    expect(problemsOf('group_commit: {wait_ms: 5000}')).toHaveLength(1)
  })

  it('reports what is wrong with the file itself', () => {
    expect(problemsOf('a: [1')[0]).toMatch(/^: /)
    expect(problemsOf('- 1\n')).not.toEqual([])
  })

  it('is immutable', () => {
    expect(Object.isFrozen(configOf(undefined).limits.sql)).toBe(true)
  })

  it('gives each key one variable name', () => {
    const names = [...environmentNames().keys()]
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('WATTLINE_LIMITS_SQL_SECONDS')
  })

  it('suggests only similar keys', () => {
    expect(closest('intervall', ['interval', 'rapl'])).toBe('interval')
    expect(closest('zzzzzz', ['interval', 'rapl'])).toBeNull()
  })
})

// Guarantees: listeners for autoscalers get what they need to know callers by, or the configuration is refused with what to add; their
// certificates default to those of all ports, but the front proxy's authority never does.
import { describe, expect, it } from 'vitest'
import { autoscalerTls } from '../../../../core/catalogue/config/autoscalers.ts'
import { resolveConfig } from '../../../../core/catalogue/config/load.ts'

const resolve = (yaml: string) => resolveConfig({ yaml, environment: {}, readFile: () => '' })
const problemsOf = (yaml: string): readonly string[] => {
  const result = resolve(yaml)
  return result.ok ? [] : result.problems.map(({ path, problem }) => `${path}: ${problem}`)
}

const NAMESPACES = 'namespaces: [{match: "*", tenant: default}]'

describe('the configuration', () => {
  it.each([
    [
      `{listen: {kubernetes: 6443}, autoscalers: {${NAMESPACES}}}`,
      /^autoscalers\.kubernetes\.cert: .* needs a certificate/,
    ],
    [
      `{listen: {kubernetes: 6443, tls: {cert: c, key: k, client_ca: other}}, autoscalers: {${NAMESPACES}}}`,
      /^autoscalers\.kubernetes\.client_ca: .*extension-apiserver-authentication/,
    ],
    [
      '{listen: {kubernetes: 6443}, autoscalers: {kubernetes: {cert: c, key: k, client_ca: a}}}',
      /^autoscalers\.namespaces: .*tenant: default/,
    ],
    ['autoscalers: {keda: {cert: c}}', /^autoscalers\.keda: certificate and key/],
    ['autoscalers: {keda: {client_ca: a}}', /^autoscalers\.keda\.client_ca: needs/],
    [`autoscalers: {${NAMESPACES}, keda: {client_names: [x]}}`, /^autoscalers\.keda\.client_names: need/],
    ['listen: {keda: 4318}', /^listen\.keda: port 4318 is already used by listen\.otlp_http/],
    ['autoscalers: {signals: [{policy: p}]}', /^autoscalers\.signals\.0: needs `up` or `down`/],
    [
      '{alerts: {receivers: [{name: heat, kind: aodh, url: "http://h"}]}, autoscalers: {signals: [{policy: p, up: {receiver: heet}}]}}',
      /^autoscalers\.signals\.0\.up\.receiver: .*Did you mean heat\?/,
    ],
    [
      '{alerts: {receivers: [{name: h, kind: aodh, url: "http://h"}]}, autoscalers: {signals: [{policy: p, up: {receiver: h}}, {policy: p, up: {receiver: h}}]}}',
      /^autoscalers\.signals\.1\.policy: p appears twice/,
    ],
  ])('%s is refused', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([expect.stringMatching(problem)])
  })

  it.each([
    '',
    'listen: {keda: "off"}',
    `{listen: {kubernetes: 6443}, autoscalers: {${NAMESPACES}, kubernetes: {cert: c, key: k, client_ca: a}}}`,
    `{listen: {kubernetes: 6443, tls: {cert: c, key: k}}, autoscalers: {${NAMESPACES}, kubernetes: {client_ca: a}}}`,
    `autoscalers: {${NAMESPACES}, keda: {cert: c, key: k, client_ca: a, client_names: [keda-operator]}}`,
    // A process that answers no autoscaler opens none of these ports.
    '{roles: [query], warehouse: {kind: clickhouse, url: ["http://c:8123"]}, broker: {kind: kafka, brokers: ["k:9092"]}, listen: {kubernetes: 6443}}',
  ])('%s is accepted', yaml => {
    expect(problemsOf(yaml)).toEqual([])
  })
})

it('falls back to the certificate of all ports', () => {
  const result = resolve(
    '{listen: {tls: {cert: c, key: k, client_ca: a}}, autoscalers: {keda: {client_ca: b}}}',
  )
  if (!result.ok) throw new Error('is valid')
  expect(autoscalerTls(result.config, 'keda')).toEqual({ cert: 'c', key: 'k', clientCa: 'b' })
  expect(autoscalerTls(result.config, 'kubernetes')).toEqual({ cert: 'c', key: 'k', clientCa: undefined })
  const own = resolve(
    '{listen: {tls: {cert: c, key: k, client_ca: a}}, autoscalers: {keda: {cert: d, key: e}}}',
  )
  if (!own.ok) throw new Error('is valid')
  expect(autoscalerTls(own.config, 'keda')).toEqual({ cert: 'd', key: 'e', clientCa: 'a' })
})

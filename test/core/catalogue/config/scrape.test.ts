// Guarantees: jobs are read as written for Prometheus; missing or contradictory settings are reported at once, before
// anything starts.
import { expect, it } from 'vitest'
import { resolveConfig } from '../../../../core/catalogue/config/load.ts'

const resolve = (yaml: string) =>
  resolveConfig({ yaml, environment: { SECRET: 's3' }, readFile: () => 'PEM' })

it('reads a job with durations as text, and secrets from elsewhere', () => {
  const result = resolve(`
scrape:
  jobs:
    - job_name: node
      scrape_interval: 1m30s
      scrape_timeout: 500ms
      basic_auth: {username: u, password: "\${env:SECRET}"}
      tls_config: {ca: "\${file:/ca.pem}"}
      static_configs: [{targets: [a:9100]}]
      metric_relabel_configs:
        - {source_labels: [__name__], regex: go_.*, action: drop}
`)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect(result.config.scrape.jobs).toMatchObject([
    {
      job_name: 'node',
      scrape_interval: 90,
      scrape_timeout: 0.5,
      honor_labels: false,
      honor_timestamps: true,
      basic_auth: { username: 'u', password: 's3' },
      tls_config: { ca: 'PEM', insecure_skip_verify: false },
      static_configs: [{ targets: ['a:9100'], labels: {} }],
      metric_relabel_configs: [{ action: 'drop', regex: 'go_.*', separator: ';' }],
    },
  ])
})

it('reports every problem at once', () => {
  const result = resolve(`
scrape:
  jobs:
    - job_name: a
      scrape_interval: 5
      scrape_timeout: 10
      basic_auth: {username: u}
      authorization: {credentials: c}
      tls_config: {key: k}
      file_sd_configs: [{files: ["/etc/*/t.json"]}]
      relabel_configs:
        - {regex: "(", target_label: x}
        - {regex: "(?=a)", target_label: x}
        - {action: replace}
        - {action: hashmod, target_label: x}
      metric_relabel_configs:
        - {action: labeldrop, source_labels: [a]}
    - job_name: a
`)
  if (result.ok) throw new Error('taken')
  expect(result.problems.map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
    'scrape.jobs.0.scrape_timeout: must be at most scrape_interval',
    'scrape.jobs.0.authorization: basic_auth and authorization cannot both be set',
    'scrape.jobs.0.tls_config: certificate and key must be set together',
    'scrape.jobs.0.file_sd_configs.0.files.0: `*` is allowed only in the last part of a path',
    'scrape.jobs.0.relabel_configs.0.regex: is not a valid RE2 pattern: missing closing ): `(`',
    'scrape.jobs.0.relabel_configs.1.regex: is not a valid RE2 pattern: invalid or unsupported Perl syntax: `(?=`',
    'scrape.jobs.0.relabel_configs.2.target_label: action `replace` requires it',
    'scrape.jobs.0.relabel_configs.3.modulus: action `hashmod` requires it',
    'scrape.jobs.0.metric_relabel_configs.0.source_labels: action `labeldrop` works on label names only',
    'scrape.jobs.1.job_name: another job is named a',
  ])
})

it.each([
  ['scrape_interval: 0', 'scrape_interval'],
  ['scrape_interval: 0s', 'scrape_interval'],
  ['scrape_interval: 1y', 'scrape_interval'],
  ['static_configs: [{targets: ["http://a:1"]}]', 'static_configs.0.targets.0'],
  ['file_sd_configs: [{files: [targets.txt]}]', 'file_sd_configs.0.files.0'],
  ['fallback_scrape_protocol: PrometheusProto', 'fallback_scrape_protocol'],
  ['metrics_path: metrics', 'metrics_path'],
])('refuses %s', (line, path) => {
  const result = resolve(`scrape: {jobs: [{job_name: a, ${line}}]}`)
  if (result.ok) throw new Error('taken')
  expect(result.problems.map(problem => problem.path)).toEqual([`scrape.jobs.0.${path}`])
})

it('suggests the intended key', () => {
  const result = resolve('scrape: {jobs: [{job_name: a, honour_labels: true}]}')
  if (result.ok) throw new Error('taken')
  expect(result.problems[0]).toMatchObject({ path: 'scrape.jobs.0.honour_labels' })
  expect(result.problems[0]!.problem).toContain('honor_labels')
})

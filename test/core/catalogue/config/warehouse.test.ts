// Guarantees: missing or contradictory keys of a ClickHouse server are reported before anything starts.
import { describe, expect, it } from 'vitest'
import { resolveConfig } from '../../../../core/catalogue/config/load.ts'

const resolve = (yaml: string, environment: Record<string, string> = {}) =>
  resolveConfig({ yaml, environment, readFile: () => 'PEM' })

function problemsOf(yaml: string): readonly string[] {
  const result = resolve(yaml)
  return result.ok ? [] : result.problems.map(({ path, problem }) => `${path}: ${problem}`)
}

describe('warehouse', () => {
  it('reads the settings of a server, also from the environment', () => {
    const result = resolve('warehouse: {kind: clickhouse, tls: {ca: "${file:/ca.pem}"}}', {
      WATTLINE_WAREHOUSE_URL: 'https://a:8443,https://b:8443',
      WATTLINE_WAREHOUSE_PASSWORD: '0123',
    })
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    expect(result.config.warehouse).toMatchObject({
      kind: 'clickhouse',
      url: ['https://a:8443', 'https://b:8443'],
      user: 'default',
      password: '0123',
      tls: { ca: 'PEM' },
    })
  })

  it.each([
    [
      'kind: clickhouse',
      [
        'warehouse.url: ClickHouse needs the address of at least one server, such as http://clickhouse-1:8123',
      ],
    ],
    [
      'url: [http://a:8123]',
      ['warehouse.url: applies to a ClickHouse server only: set `warehouse.kind: clickhouse`'],
    ],
    [
      'cluster: books',
      ['warehouse.cluster: applies to ClickHouse servers only: set `warehouse.kind: clickhouse`'],
    ],
    ['kind: clickhouse, url: [a:8123]', ['warehouse.url.0: an address such as http://clickhouse-1:8123']],
    [
      'kind: clickhouse, url: [http://u:p@a:8123]',
      ['warehouse.url.0: set user and password in warehouse.user and warehouse.password'],
    ],
    ['kind: clickhouse, url: [http://a/?x=1]', ['warehouse.url.0: a URL without ? and #']],
    ['kind: clickhouse, url: [http://a, http://a]', ['warehouse.url: a server is listed twice']],
    [
      'kind: clickhouse, url: [http://a], tls: {ca: x}',
      ['warehouse.tls.ca: http://a is not encrypted: use https addresses only, or remove the tls keys'],
    ],
    [
      'kind: clickhouse, url: [https://a], tls: {cert: x}',
      ['warehouse.tls: certificate and key must be set together'],
    ],
    [
      'kind: clickhouse, url: [https://a], tls: {cert: x, key: y}',
      ['warehouse.tls.ca: a client certificate also needs the authorities to trust (ca)'],
    ],
  ])('reports what is wrong with {%s}', (keys, problems) => {
    expect(problemsOf(`warehouse: {${keys}}`)).toEqual(problems)
  })
})

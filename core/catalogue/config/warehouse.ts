import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** Relations between the keys of the warehouse. */
export function warehouseProblems({ warehouse }: Pick<Config, 'warehouse'>): ConfigProblem[] {
  const { kind, url, cluster, tls } = warehouse
  const problems: ConfigProblem[] = []
  const tell = (key: string, problem: string): void => {
    problems.push({ path: `warehouse.${key}`, problem })
  }
  if (kind === 'embedded') {
    if (url.length > 0) tell('url', 'applies to a ClickHouse server only: set `warehouse.kind: clickhouse`')
    if (cluster !== undefined)
      tell('cluster', 'applies to ClickHouse servers only: set `warehouse.kind: clickhouse`')
    return problems
  }
  if (url.length === 0) {
    tell('url', 'ClickHouse needs the address of at least one server, such as http://clickhouse-1:8123')
  }
  url.forEach((text, index) => {
    const problem = addressProblem(text)
    if (problem !== null) tell(`url.${index}`, problem)
  })
  if (new Set(url).size < url.length) tell('url', 'a server is listed twice')
  const plain = url.find(text => text.startsWith('http:'))
  if (tls.ca !== undefined && plain !== undefined) {
    tell('tls.ca', `${plain} is not encrypted: use https addresses only, or remove the tls keys`)
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    tell('tls', 'certificate and key must be set together')
  } else if (tls.cert !== undefined && tls.ca === undefined) {
    tell('tls.ca', 'a client certificate also needs the authorities to trust (ca)')
  }
  return problems
}

function addressProblem(text: string): string | null {
  const address = URL.parse(text)
  if (address === null) return 'an address such as http://clickhouse-1:8123'
  if (address.username !== '' || address.password !== '') {
    return 'set user and password in warehouse.user and warehouse.password'
  }
  return address.search === '' && address.hash === '' ? null : 'a URL without ? and #'
}

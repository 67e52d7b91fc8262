import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** What the keys of the warehouse ask of each other. */
export function warehouseProblems({ warehouse }: Pick<Config, 'warehouse'>): ConfigProblem[] {
  const { kind, url, cluster, tls } = warehouse
  const problems: ConfigProblem[] = []
  const tell = (key: string, problem: string): void => {
    problems.push({ path: `warehouse.${key}`, problem })
  }
  if (kind === 'embedded') {
    if (url.length > 0) tell('url', 'is for a server: set `warehouse.kind: clickhouse`')
    if (cluster !== undefined) tell('cluster', 'is for servers: set `warehouse.kind: clickhouse`')
    return problems
  }
  if (url.length === 0) {
    tell('url', 'ClickHouse needs the address of at least one server, such as http://clickhouse-1:8123')
  }
  url.forEach((text, index) => {
    const problem = addressProblem(text)
    if (problem !== null) tell(`url.${index}`, problem)
  })
  if (new Set(url).size < url.length) tell('url', 'each server is named once')
  const plain = url.find(text => text.startsWith('http:'))
  if (tls.ca !== undefined && plain !== undefined) {
    tell('tls.ca', `${plain} is not encrypted: https addresses only, or no tls keys`)
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    tell('tls', 'a certificate needs its key, and a key its certificate')
  } else if (tls.cert !== undefined && tls.ca === undefined) {
    tell('tls.ca', 'a certificate of ours needs the authorities to trust, too')
  }
  return problems
}

function addressProblem(text: string): string | null {
  const address = URL.parse(text)
  if (address === null) return 'an address such as http://clickhouse-1:8123'
  if (address.username !== '' || address.password !== '') {
    return 'user and password have keys of their own: warehouse.user, warehouse.password'
  }
  return address.search === '' && address.hash === '' ? null : 'an address without ? and #'
}

/**
 * Guarantees: the file that compose mounts into ClickHouse is valid configuration for the engine, with the cluster in
 * Wattline's configuration and the macros of its tables; names, ports and folders in it are those of the service.
 * Keeper is not part of the embedded engine, so this does not show that a server starts one from this file.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { STREAMS } from '../../core/model/streams/index.ts'
import { planMigration } from '../../core/warehouse/migration/migration.ts'
import { clusterDialect } from '../../core/warehouse/tables/ddl-cluster.ts'
import { withoutKeeper } from '../support/clickhouse-front/cluster.ts'

const DEPLOY = new URL('../../deploy', import.meta.url).pathname
const readDeploy = (file: string): string => readFileSync(join(DEPLOY, file), 'utf8')
const file = readDeploy('clickhouse/cluster.xml')
const { services } = parse(readDeploy('compose.yaml'), { merge: true }) as {
  services: { clickhouse: { hostname: string; ports?: string[]; volumes: string[] } }
}
const { warehouse } = parse(readDeploy('config/roles.yaml')) as {
  warehouse: { url: string[]; cluster: string }
}
/** Texts of all elements with a name, anywhere. */
const texts = (name: string): string[] =>
  [...file.matchAll(new RegExp(`<${name}>([^<]+)</${name}>`, 'g'))].map(([, text]) => text!)

describe('names', () => {
  const { hostname, volumes } = services.clickhouse

  it('are those of the service', () => {
    expect([...texts('host'), ...texts('hostname'), ...texts('interserver_http_host')]).toEqual(
      Array(4).fill(hostname),
    )
    expect(warehouse.url).toEqual([`http://${hostname}:8123`])
    expect(volumes).toContain('./clickhouse/cluster.xml:/etc/clickhouse-server/config.d/wattline.xml:ro')
  })

  it('are those of Keeper, which keeps its files in the volume', () => {
    const [keeper] = texts('tcp_port')
    const zookeeper = /<zookeeper>[\s\S]*?<port>(\d+)</.exec(file)?.[1]
    expect(zookeeper).toBe(keeper)
    expect(texts('server_id')).toEqual(texts('id'))
    const data = volumes.find(volume => volume.startsWith('clickhouse-data:'))!.split(':')[1]!
    const folders = [...texts('log_storage_path'), ...texts('snapshot_storage_path')]
    expect(folders.map(folder => folder.startsWith(`${data}/`))).toEqual([true, true])
  })
})

describe('the engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-cluster-file-'))
  let session: Session
  const rows = (sql: string): unknown[] =>
    String(session.query(sql, 'JSONEachRow'))
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))

  beforeAll(() => {
    mkdirSync(join(folder, 'config.d'))
    // Ports and folders of a server's default configuration. The name of the service is known only in its network.
    writeFileSync(join(folder, 'config.xml'), '<clickhouse><tcp_port>9000</tcp_port></clickhouse>')
    writeFileSync(
      join(folder, 'config.d/wattline.xml'),
      file.replaceAll('<host>clickhouse</host>', '<host>127.0.0.1</host>'),
    )
    session = new Session(join(folder, 'data'), {
      connectionArgs: [`--config-file=${join(folder, 'config.xml')}`],
    })
  })
  afterAll(() => {
    session.cleanup()
    rmSync(folder, { recursive: true, force: true })
  })

  it("reads a cluster of one server under the name in Wattline's configuration", () => {
    const found = rows(
      `SELECT shard_num, replica_num, is_local, port FROM system.clusters WHERE cluster = '${warehouse.cluster}'`,
    )
    expect(found).toEqual([{ shard_num: 1, replica_num: 1, is_local: 1, port: 9000 }])
  })

  it('reads the macros in the paths of replicated tables', () => {
    expect(rows("SELECT getMacro('shard') AS shard, getMacro('replica') AS replica")).toEqual([
      { shard: '1', replica: services.clickhouse.hostname },
    ])
  })

  it('creates our tables over that cluster, and returns their rows', () => {
    const statements = planMigration(
      STREAMS,
      { signalsDays: 30, ledgerDays: 400 },
      new Map(),
      clusterDialect(warehouse.cluster),
    )
    for (const statement of statements) session.query(withoutKeeper(statement))
    session.query(
      "INSERT INTO wattline.grid_intensity_local (Zone, Version, Value) VALUES ('DE', 'v', '344.1')",
    )
    expect(rows('SELECT Zone, Version, Value FROM wattline.grid_intensity')).toEqual([
      { Zone: 'DE', Version: 'v', Value: '344.1' },
    ])
  })
})

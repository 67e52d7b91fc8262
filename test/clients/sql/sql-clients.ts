/**
 * ClickHouse clients that people use to look at tables (DBeaver and Metabase by JDBC, Superset by SQLAlchemy, services in
 * Rust, Grafana) read Wattline unmodified. Each program prints a line for each check; every value is compared with what
 * was stored, or with what the tables are declared to be.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import type { TestSpan } from '../../support/otlp.ts'
import type { WattlineProcess } from '../../support/wattline-process.ts'
import { CACHE, once, python } from '../clients.ts'
import { type Comparison, countValues, type Mismatch } from '../compare.ts'
import { isEquipped, type Leg, leg, type Needs } from '../leg.ts'
import { type Expected, expectedOf } from './expected.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname

/** A client, and the checks of its program. */
interface SqlClient {
  readonly name: string
  readonly needs: Needs
  command(url: URL): Promise<readonly string[]>
  readonly checks: (known: Expected) => Readonly<Record<string, unknown>>
}

const JDBC_VERSIONS = ['0.10.0', '0.9.8', '0.9.4', '0.9.2']

const jdbc = (version: string): SqlClient => ({
  name: `JDBC ${version}`,
  needs: [
    ['javac', '-version'],
    ['mvn', '-version'],
  ],
  command: async ({ host }) => {
    const folder = join(CACHE, `jdbc-${version}`)
    const sources = ['pom.xml', 'Read.java'].map(file => join(HERE, 'java', file))
    await once(folder, sources, async () => {
      const goal = [
        'dependency:copy-dependencies',
        `-DoutputDirectory=${folder}/jars`,
        '-DincludeScope=runtime',
      ]
      await run('mvn', ['-B', '-q', '-f', sources[0]!, `-Djdbc.version=${version}`, ...goal], {
        maxBuffer: 2 ** 24,
      })
      const options = ['-encoding', 'UTF-8', '-cp', `${folder}/jars/*`, '-d', `${folder}/classes`]
      await run('javac', [...options, sources[1]!])
    })
    const classes = `${folder}/classes:${folder}/jars/*`
    return [
      'java',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classes,
      'Read',
      `jdbc:ch:http://${host}/wattline`,
      'default',
      '',
    ]
  },
  checks: known => known.jdbc(version),
})

const CLIENTS: readonly SqlClient[] = [
  ...JDBC_VERSIONS.map(jdbc),
  {
    name: 'SQLAlchemy',
    needs: [['python3', '--version']],
    command: async ({ hostname, port }) => [
      await python('sql/python'),
      '-Wignore',
      join(HERE, 'python/inspect_tables.py'),
      hostname,
      port,
    ],
    checks: known => known.python(),
  },
  {
    name: 'clickhouse (Rust)',
    needs: [['cargo', '--version']],
    command: async ({ origin }) => {
      const folder = join(CACHE, 'sql-rust')
      const sources = ['Cargo.toml', 'src/main.rs'].map(file => join(HERE, 'rust', file))
      await once(folder, sources, async () => {
        await mkdir(join(folder, 'crate'), { recursive: true })
        await cp(join(HERE, 'rust'), join(folder, 'crate'), { recursive: true })
        await run('cargo', ['build', '--release', '--quiet'], {
          cwd: join(folder, 'crate'),
          maxBuffer: 2 ** 24,
        })
      })
      return [join(folder, 'crate/target/release/wattline-sql-reader'), origin]
    },
    checks: known => known.rust(),
  },
]

/** All clients that this machine can run, at the port of their own. */
export async function sqlClients(wattline: WattlineProcess, spans: readonly TestSpan[]): Promise<Leg[]> {
  const known = await expectedOf(wattline, spans)
  const url = new URL(wattline.door('clickhouse'))
  const legs: Leg[] = []
  for (const client of CLIENTS.filter(({ name, needs }) => isEquipped(name, needs)))
    legs.push(
      await leg(client.name, 'ClickHouse over HTTP', async () => ({
        otel_traces: compareChecks(client.checks(known), await checksOf(client, url)),
      })),
    )
  return legs
}

interface Check {
  readonly check: string
  readonly rows?: unknown
  readonly error?: string
}

async function checksOf(client: SqlClient, url: URL): Promise<ReadonlyMap<string, Check>> {
  const [command = '', ...args] = await client.command(url)
  const { stdout } = await run(command, args, { maxBuffer: 2 ** 26, timeout: 300_000 })
  const lines = stdout.split('\n').filter(line => line.startsWith('{'))
  return new Map(lines.map(line => JSON.parse(line) as Check).map(check => [check.check, check]))
}

/** A function decides about the rows, or about the error where there is one. */
function compareChecks(
  expected: Readonly<Record<string, unknown>>,
  found: ReadonlyMap<string, Check>,
): Comparison {
  const mismatches: Mismatch[] = []
  let values = 0
  for (const [name, sent] of Object.entries(expected)) {
    const check = found.get(name)
    const stored = check?.rows ?? check?.error
    values += typeof sent === 'function' ? 1 : countValues(sent)
    const isRight = typeof sent === 'function' ? sent(stored) === true : isDeepStrictEqual(sent, stored)
    if (!isRight) mismatches.push({ table: 'otel_traces', item: name, sent: String(sent), stored })
  }
  return { items: Object.keys(expected).length, values, mismatches }
}

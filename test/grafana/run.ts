/** `npm run test:grafana -- --source FOLDER`: see README.md beside this file. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BOARDS } from '../../dashboards/grafana/boards.ts'
import { ALL, SOME, startFilled } from '../dashboards/grafana-filled.ts'
import { parseArgs } from '../support/arguments.ts'
import { go } from '../support/go-build.ts'
import { type Choices, expandQuery, sendAsGrafana } from '../support/grafana.ts'
import { type Frame, GrafanaPlugin } from './plugin.ts'

const { values } = parseArgs({ options: { source: { type: 'string' }, program: { type: 'string' } } })
if (values.source === undefined && values.program === undefined) {
  throw new Error(
    'Give --source: a checkout of grafana/clickhouse-datasource; or --program: its built back end.',
  )
}

const PLUGIN = 'grafana-clickhouse-datasource'
const folder = mkdtempSync(join(tmpdir(), 'wattline-grafana-'))
const differences: string[] = []
/** Printed as they come: the suite takes minutes on a busy machine. */
const differs = (text: string): void => {
  differences.push(text)
  console.log(text)
}
let compared = 0
let queries = 0

const program = values.program ?? (await built(values.source ?? ''))
const now = Date.now()
const minute = Math.floor(now / 60_000) * 60_000 - 30 * 60_000
const range = { fromMs: minute - 3_600_000, toMs: now + 60_000, intervalSeconds: 60 }
const wattline = await startFilled(folder, { now, minute })
const { hostname, port } = new URL(wattline.door('clickhouse'))
const source = { host: hostname, protocol: 'http', defaultDatabase: 'wattline', username: 'default' }
/** At the port of the ClickHouse interface, and below its path. */
const sources = {
  port: { ...source, port: Number(port) },
  path: { ...source, port: Number(new URL(wattline.http).port), path: 'clickhouse' },
}
async function built(checkout: string): Promise<string> {
  const path = join(folder, 'plugin')
  await go(checkout, 'go', ['build', '-o', path, './pkg'])
  await promisify(execFile)('test', ['-x', path])
  return path
}

async function allOf(where: string, plugin: GrafanaPlugin): Promise<void> {
  const [status, message] = await plugin.health()
  if (status !== 'ok') differs(`${where}: health: ${status} ${message}`)
  for (const board of BOARDS) {
    for (const { title, sql, kind } of board.panels)
      for (const choices of [ALL, SOME])
        await one(`${where}: ${board.uid}, ${title}`, plugin, sql, choices, kind === 'timeseries')
    for (const { name, sql } of board.variables)
      await one(`${where}: ${board.uid}, variable ${name}`, plugin, sql, {}, false)
  }
  await refused(where, plugin)
}

/** What the plug-in makes of an error. */
async function refused(where: string, plugin: GrafanaPlugin): Promise<void> {
  const text = await ask(plugin, 'SELECT * FROM system.users', true).then(
    () => 'no error',
    (error: unknown) => String(error),
  )
  compared += 1
  if (!/UNKNOWN_TABLE|no table|ACCESS_DENIED/.test(text)) differs(`${where}: refused: ${text}`)
}

/** The frames of the plug-in, and the rows that our SQL has for the text that Grafana's documentation says it makes. */
async function one(
  what: string,
  plugin: GrafanaPlugin,
  sql: string,
  choices: Choices,
  isSeries: boolean,
): Promise<void> {
  queries += 1
  const answer = await sendAsGrafana(wattline.http, expandQuery(sql, range, choices), 'JSONCompact')
  const expected = (await answer.json()) as {
    readonly meta: readonly { readonly name: string; readonly type: string }[]
    readonly data: readonly (readonly unknown[])[]
  }
  try {
    // Variables of a board are replaced by the page before the back end gets the query.
    const [frame] = await ask(plugin, withChoices(sql, choices), !isSeries)
    if (frame === undefined) throw new Error('no frame')
    compareFrame(what, frame, expected.meta, expected.data)
  } catch (error) {
    differs(`${what}: ${String(error)}`)
  }
}

const withChoices = (sql: string, choices: Choices): string =>
  sql.replaceAll(/\$\{(\w+):singlequote\}/g, (_, name: string) => {
    const choice = choices[name]
    if (choice === undefined) throw new Error(`there is no variable ${name}`)
    return 'all' in choice
      ? choice.all
      : choice.values.map(value => `'${value.replaceAll("'", "\\'")}'`).join(',')
  })

const ask = (plugin: GrafanaPlugin, sql: string, isTable: boolean): Promise<readonly Frame[]> =>
  plugin.query({
    json: {
      ...{ rawSql: sql, queryType: isTable ? 'table' : 'timeseries', editorType: 'sql' },
      // 0: series, which the back end leaves as rows for the page to turn; 1: a table.
      format: isTable ? 1 : 0,
    },
    fromMs: range.fromMs,
    toMs: range.toMs,
    intervalMs: range.intervalSeconds * 1_000,
  })

/** Series come as one column for each of their labels, so only their values are compared, in no order. */
function compareFrame(
  what: string,
  frame: Frame,
  meta: readonly { readonly name: string; readonly type: string }[],
  rows: readonly (readonly unknown[])[],
): void {
  const isWide = JSON.stringify(frame.columns) !== JSON.stringify(meta.map(({ name }) => name))
  const found = isWide
    ? sorted(
        frame.values
          .slice(1)
          .flat()
          .filter(value => value !== null),
      )
    : frame.values.map(column => column.map(text))
  const numbers = meta.flatMap(({ type }, index) => (isNumber(type) ? [index] : []))
  const wanted = isWide
    ? sorted(rows.flatMap(row => numbers.map(index => row[index])).filter(value => value !== null))
    : meta.map(({ type }, index) => rows.map(row => expectedText(row[index], type)))
  const cells = wanted.flat().length
  compared += cells
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    differs(
      `${what}: ${JSON.stringify(frame.columns)}\n  found    ${JSON.stringify(found).slice(0, 1_500)}\n  expected ${JSON.stringify(wanted).slice(0, 1_500)}`,
    )
}

const isNumber = (type: string): boolean => /^(Nullable\(|LowCardinality\()*(U?Int|Float|Decimal)/.test(type)
const isTime = (type: string): boolean => /^(Nullable\(|LowCardinality\()*Date/.test(type)
const sorted = (all: readonly unknown[]): readonly string[] => all.map(text).toSorted()

/** Values as one text, however they travel. */
function text(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return String(BigInt(value))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const expectedText = (value: unknown, type: string): string =>
  isTime(type) && typeof value === 'string' ? String(Date.parse(`${value.replace(' ', 'T')}Z`)) : text(value)

try {
  for (const [name, jsonData] of Object.entries(sources)) {
    const plugin = await GrafanaPlugin.start(program, { plugin: PLUGIN, jsonData })
    try {
      await allOf(name, plugin)
    } finally {
      plugin.stop()
    }
  }
} finally {
  await wattline.end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${queries} queries, ${compared} values compared, ${differences.length} differ`)
process.exitCode = compared > 0 && differences.length === 0 ? 0 : 1

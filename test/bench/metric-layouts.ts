/**
 * What questions in the exporter's schema cost over `metric_points` and its views, beside the tables of earlier releases.
 *
 *   npm run bench:layouts -- --folder FOLDER [--today 2026-11-30] [--days 30] [--days-before 30] [--rows-per-day 3333000] [--seconds 240] [--answers 3]
 *
 * The engine itself makes the same points in both layouts, day by day back from today: ten metrics, half of them gauges, of a
 * thousand series each. With --seconds it stops filling after so long, and goes on in the same folder when it is started
 * again (with the same --today); once all days are there it asks. The earlier layout takes four times as long to fill: it may have fewer days, and is then not
 * asked about more. CPU is that of the process, one thread a question, median of the answers after one
 * that is not counted. Answers of both layouts must be equal.
 */
import { mkdirSync } from 'node:fs'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import { BOARDS } from '../../dashboards/grafana/boards.ts'
import { parseArgs } from '../support/arguments.ts'
import { median } from './costs/process.ts'
import { type LayoutQuestion, layoutQuestions } from './metric-layouts/questions.ts'
import { POINTS_INSERT, tableInsert } from './metric-layouts/rows.ts'

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    days: { type: 'string', default: '30' },
    today: { type: 'string', default: new Date().toISOString().slice(0, 10) },
    'days-before': { type: 'string', default: '30' },
    'rows-per-day': { type: 'string', default: '3333000' },
    seconds: { type: 'string', default: '240' },
    answers: { type: 'string', default: '3' },
  },
})
if (values.folder === undefined)
  throw new Error('--folder must say where the tables may lie: give an empty folder.')
const DAYS = Number(values.days)
const DAYS_BEFORE = Math.min(DAYS, Number(values['days-before']))
const ROWS = Number(values['rows-per-day'])
const DAY_SECONDS = 86_400
/** Of a part: larger ones take the engine more memory than it has. */
const BLOCK_ROWS = 1_000_000
const today = Date.parse(values.today) / 1000

mkdirSync(values.folder, { recursive: true })
const config = configSchema.parse({ factors: { zone: 'DE' }, tariffs: { price_per_kwh: '0.25' } })
const warehouse = await openEmbeddedWarehouse({
  path: values.folder,
  maxMemoryBytes: config.warehouse.max_memory_bytes,
  events: silentEvents,
})
await warehouse.migrate(STREAMS, { signalsDays: 400, ledgerDays: 400 })
const statements = warehouse.statements!

/** Tables of the earlier layout: the views would read them too if they had the names that releases gave them. */
const BEFORE = { gauge: 'before_gauge', sum: 'before_sum' } as const

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function prepare(): Promise<void> {
  for (const [kind, table] of Object.entries(BEFORE)) {
    await statements.run(`CREATE TABLE IF NOT EXISTS wattline.${table} AS wattline.otel_metrics_${kind}_v1`)
  }
  for (const table of ['metric_points', ...Object.values(BEFORE)]) {
    await statements.run(`SYSTEM STOP MERGES wattline.${table}`)
  }
}

/** Fills a day of both layouts, unless it is there, and says what it cost. */
async function fill(day: number): Promise<void> {
  const begin = today - day * DAY_SECONDS
  const has = async (table: string): Promise<boolean> => {
    const found = await warehouse.query(
      `SELECT 1 FROM wattline.${table} WHERE TimeUnix >= toDateTime(${begin}) AND TimeUnix < toDateTime(${begin + DAY_SECONDS}) LIMIT 1`,
    )
    return found.length > 0
  }
  const settings = `SETTINGS max_insert_threads = 1, max_threads = 1, max_block_size = ${BLOCK_ROWS}, min_insert_block_size_rows = ${BLOCK_ROWS}, min_insert_block_size_bytes = 0, materialize_skip_indexes_on_insert = 1`
  const inserts: Readonly<Record<string, string>> = {
    metric_points: POINTS_INSERT(begin, ROWS),
    [BEFORE.gauge]: tableInsert(BEFORE.gauge, 'gauge', begin, ROWS),
    [BEFORE.sum]: tableInsert(BEFORE.sum, 'sum', begin, ROWS),
  }
  for (const [table, insert] of Object.entries(inserts)) {
    if ((table !== 'metric_points' && day >= DAYS_BEFORE) || (await has(table))) continue
    const before = cpuMs()
    await statements.run(insert.replace(' SELECT ', ` ${settings} SELECT `))
    const seconds = ((cpuMs() - before) / 1000).toFixed(1)
    process.stderr.write(`day ${day} of ${table}: ${seconds} CPU s\n`)
  }
}

interface Answer {
  readonly cpuMs: number
  readonly text: string
}

async function ask(sql: string): Promise<Answer> {
  const settings = 'SETTINGS max_threads = 1, use_query_condition_cache = 0'
  const before = cpuMs()
  const text = JSON.stringify(await warehouse.query(`${sql} ${settings}`))
  return { cpuMs: cpuMs() - before, text }
}

type Tables = Readonly<Record<'gauge' | 'sum', string>>

async function cost({ sql }: LayoutQuestion, tables: Tables): Promise<Answer> {
  const statement = sql.replaceAll('{gauge}', tables.gauge).replaceAll('{sum}', tables.sum)
  const { text } = await ask(statement)
  const answers: number[] = []
  for (let at = 0; at < Number(values.answers); at += 1) answers.push((await ask(statement)).cpuMs)
  return { cpuMs: median(answers), text }
}

async function compare(): Promise<void> {
  const views = { gauge: 'wattline.otel_metrics_gauge', sum: 'wattline.otel_metrics_sum' }
  const before = { gauge: `wattline.${BEFORE.gauge}`, sum: `wattline.${BEFORE.sum}` }
  process.stdout.write('| question | before, ms | views, ms | ratio | own SQL, ms |\n|---|---|---|---|---|\n')
  for (const question of layoutQuestions(today + DAY_SECONDS)) {
    const old = question.hours > 24 * DAYS_BEFORE ? null : await cost(question, before)
    const now = await cost(question, views)
    if (old !== null && old.text !== now.text)
      throw new Error(`Other answers: ${question.what}\n${old.text}\n${now.text}`)
    const own = question.own === undefined ? null : await cost({ ...question, sql: question.own }, views)
    const ratio = old === null ? '' : (now.cpuMs / old.cpuMs).toFixed(1)
    const cells = [question.what, whole(old), whole(now), ratio, whole(own)]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
}

const whole = (answer: Answer | null): string => answer?.cpuMs.toFixed(0) ?? ''

/** Boards read books, spans and logs; a panel that reads metrics must become a question here. */
function checkBoards(): void {
  const reads = BOARDS.flatMap(({ title, panels }) =>
    panels.filter(({ sql }) => /otel_metrics|metric_/.test(sql)).map(panel => `${title}: ${panel.title}`),
  )
  if (reads.length > 0)
    throw new Error(`Panels that read metrics are not among the questions: ${reads.join(', ')}`)
}

try {
  checkBoards()
  await prepare()
  const until = performance.now() + Number(values.seconds) * 1000
  let day = 0
  for (; day < DAYS && performance.now() < until; day += 1) await fill(day)
  if (day < DAYS) process.stderr.write(`${DAYS - day} days are left: start again\n`)
  else {
    const sizes = await warehouse.query<{ text: string }>(
      "SELECT concat(table, ': ', toString(sum(rows)), ' rows, ', toString(round(sum(bytes_on_disk) / sum(rows), 2)), ' bytes a row') AS text FROM system.parts WHERE active AND (table = 'metric_points' OR table LIKE 'before_%') GROUP BY table ORDER BY table",
    )
    for (const { text } of sizes) process.stderr.write(`${text}\n`)
    await compare()
  }
} finally {
  await warehouse.close()
}

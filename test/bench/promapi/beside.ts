/**
 * How long other routes take while heavy PromQL is evaluated: alone, beside processes of the lowest priority that use all
 * cores, and beside four queries over a day of all series. What the cores alone cost is thereby told apart from what PromQL
 * costs. Requests come at fixed times, and count from the moment at which they were due.
 *
 *   npm run bench:promapi-beside -- [--seconds 30] [--series 10000] [--hours 24] [--folder F]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from '../../support/arguments.ts'
import { questionsOf } from './questions.ts'
import { openWattline, sizeIn } from './servers.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    queries: { type: 'string', default: '4' },
    series: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '24' },
    scrape: { type: 'string', default: '30' },
    folder: { type: 'string' },
  },
})
const EVERY_MS = 50

interface Route {
  readonly name: string
  ask(): Promise<Response>
}

const gauge = (): string => {
  const point = { timeUnixNano: `${Date.now()}000000`, asDouble: 1 }
  const metrics = [{ name: 'asked', gauge: { dataPoints: [point] } }]
  const attributes = [{ key: 'service.name', value: { stringValue: 'beside' } }]
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] })
}

/** Asks every route again and again for some seconds. Times in ms by route. */
async function ask(routes: readonly Route[], seconds: number, into: Map<string, number[]>): Promise<void> {
  const open = new Set<Promise<void>>()
  const startedMs = performance.now()
  for (let at = 0; ; at += 1) {
    const dueMs = startedMs + (at * EVERY_MS) / routes.length
    if (dueMs > startedMs + seconds * 1000) break
    await delay(Math.max(0, dueMs - performance.now()))
    const { name, ask } = routes[at % routes.length]!
    const one = ask()
      .then(async answer => {
        await answer.arrayBuffer()
        if (!answer.ok) throw new Error(`${name}: ${answer.status}`)
        into.set(name, [...(into.get(name) ?? []), performance.now() - dueMs])
      })
      .finally(() => open.delete(one))
    open.add(one)
  }
  await Promise.all(open)
}

/** Asks one heavy query after another until stopped; resolves with their number. */
async function heavy(url: string, signal: AbortSignal): Promise<number> {
  let answers = 0
  while (!signal.aborted) {
    const answer = await fetch(url, { signal }).catch(() => null)
    const text = await answer?.text().catch(() => null)
    if (answer?.ok === false) throw new Error(`${answer.status} ${text}`)
    if (text !== null && text !== undefined) answers += 1
  }
  return answers
}

const burner = (): ChildProcess => spawn('nice', ['-n', '19', process.execPath, '-e', 'for (;;);'])

const quantile = (all: readonly number[], share: number): number =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN

const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'wattline-beside-'))
mkdirSync(folder, { recursive: true })
const size = sizeIn(folder, {
  series: Number(values.series),
  hours: Number(values.hours),
  scrapeS: Number(values.scrape),
})
const server = await openWattline(join(folder, 'wattline'), size)
const { http, otlp } = server.process
const get = (name: string, path: string): Route => ({ name, ask: () => fetch(http + path) })
const routes: readonly Route[] = [
  get('health', '/healthz'),
  {
    name: 'ingest',
    ask: () =>
      fetch(`${otlp}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: gauge(),
      }),
  },
  get('usage', '/api/v1/usage?window=1h'),
  get('live', '/api/v1/live?minutes=5'),
  get('scaling', '/api/v1/scaling/policies'),
]
const url = server.base + questionsOf(size, 120)[0]!.path
const conditions = ['alone', 'beside burners', 'beside PromQL'] as const
const times = new Map(conditions.map(name => [name, new Map<string, number[]>()]))
let answers = 0
try {
  // Once each, so that nothing is compiled in the first round.
  await ask(routes, 2, new Map())
  await (await fetch(url)).text()
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const seconds = Number(values.seconds) / Number(values.rounds)
    await ask(routes, seconds, times.get('alone')!)
    const burners = Array.from({ length: availableParallelism() }, burner)
    await ask(routes, seconds, times.get('beside burners')!)
    for (const one of burners) one.kill()
    const stop = new AbortController()
    const queries = Array.from({ length: Number(values.queries) }, () => heavy(url, stop.signal))
    await ask(routes, seconds, times.get('beside PromQL')!)
    stop.abort()
    for (const count of await Promise.all(queries)) answers += count
    await delay(1_000)
  }
} finally {
  await server.end()
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
}
console.log(`${answers} heavy queries answered`)
for (const { name } of routes) {
  const of = (condition: (typeof conditions)[number], share: number): number =>
    quantile(times.get(condition)!.get(name) ?? [], share)
  const text = conditions.map(
    condition => `${condition} ${of(condition, 0.5).toFixed(1)}, p99 ${of(condition, 0.99).toFixed(1)} ms`,
  )
  const ratio = of('beside PromQL', 0.99) / of('beside burners', 0.99)
  console.log(`${name}: ${text.join('; ')}; p99 beside PromQL is ${ratio.toFixed(2)} of that beside burners`)
}

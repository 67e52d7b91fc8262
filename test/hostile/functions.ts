/**
 * Calls every allowed function and aggregate with arguments of hostile sizes, in an engine of its own, and says which did not
 * end within their limit plus a second, or took more memory than theirs. What it names is taken off the list of
 * query/sql/functions.ts, or bounded there.
 *
 *   node test/hostile/functions.ts [--from NAME] [--to NAME] [--only NAME] [--minutes 4]
 */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { AGGREGATE_FUNCTIONS, ORDINARY_FUNCTIONS } from '../../query/sql/functions.ts'
import { judgeSyntaxTree } from '../../query/sql/syntax-tree.ts'
import { parseArgs } from '../support/arguments.ts'
import { callsOf, HAND_MADE } from './function-cases.ts'

const LIMIT_SECONDS = 0.5
const GRACE_MS = 1_000
const LIMIT_BYTES = 200 * 2 ** 20
/** Beside what the engine counts: its caches, and memory that a failed statement has not yet released. */
const SPARE_BYTES = 400 * 2 ** 20
const SETTINGS = `SET max_execution_time = ${LIMIT_SECONDS}, max_memory_usage = ${LIMIT_BYTES}, max_result_rows = 1000000,
  max_threads = 1, max_block_size = 16384, function_range_max_elements_in_block = 2000000, compile_expressions = 0,
  allow_ddl = 0, readonly = 1`
/** Shapes of one function that are tried at their worst; most functions accept fewer. */
const CALLS_MAX = 20

interface Outcome {
  readonly milliseconds: number
  readonly peakBytes: number
  readonly ended: boolean
  readonly error?: string | undefined
  readonly print?: string | undefined
}

class Engine {
  #child: ChildProcess | undefined

  async ask(message: { trial?: string; parse?: string; run?: string }, patienceMs: number): Promise<Outcome> {
    this.#child ??= await start()
    const child = this.#child
    const startedMs = performance.now()
    const before = residentBytes(child)
    let peakBytes = 0
    const cpuBefore = cpuMs(child)
    const patience = Promise.withResolvers<undefined>()
    // By its own CPU time, so that other load does not count; what waits without working ends eventually, too.
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, residentBytes(child) - before)
      const waitedMs = performance.now() - startedMs
      if (cpuMs(child) - cpuBefore > patienceMs || waitedMs > 20 * patienceMs) patience.resolve(undefined)
    }, 20)
    const answer = await Promise.race([once(child, message), patience.promise])
    clearInterval(watch)
    const milliseconds = performance.now() - startedMs
    peakBytes = Math.max(peakBytes, residentBytes(child) - before)
    if (answer === undefined || peakBytes > LIMIT_BYTES + SPARE_BYTES || residentBytes(child) > 1.5 * 2 ** 30)
      this.stop()
    return {
      milliseconds,
      peakBytes,
      ended: answer !== undefined,
      error: answer?.error,
      print: answer?.print,
    }
  }

  stop(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}

interface Answer {
  readonly ok: boolean
  readonly error?: string
  readonly print?: string
}

function once(child: ChildProcess, message?: object): Promise<Answer> {
  return new Promise(resolve => {
    const onExit = (): void => resolve({ ok: false, error: 'the engine crashed' })
    child.once('exit', onExit)
    child.once('message', answer => {
      child.off('exit', onExit)
      resolve(answer as Answer)
    })
    if (message !== undefined) child.send(message)
  })
}

async function start(): Promise<ChildProcess> {
  const child = fork(new URL('./function-child.ts', import.meta.url), [SETTINGS], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await once(child)
  return child
}

const TICK_MS = 10

/** User and system time of all its threads. */
function cpuMs(child: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return 0
  }
}

function residentBytes(child: ChildProcess): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

const { values } = parseArgs({
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    only: { type: 'string' },
    minutes: { type: 'string', default: '4' },
  },
})
const engine = new Engine()
const endMs = performance.now() + Number(values.minutes) * 60_000
let statements = 0
let failures = 0

const TABLES = new Set(['hostile.one', 'hostile.h'])
let refused = 0

async function tryOne(name: string, sql: string): Promise<void> {
  const parsed = await engine.ask({ parse: sql }, 5_000)
  if (parsed.print === undefined || !judgeSyntaxTree(parsed.print.trimEnd(), TABLES).allowed) {
    refused += 1
    return
  }
  statements += 1
  const outcome = await engine.ask({ run: sql }, LIMIT_SECONDS * 1_000 + GRACE_MS)
  const crashed = outcome.error === 'the engine crashed'
  if (crashed) engine.stop()
  if (outcome.ended && !crashed && outcome.peakBytes <= LIMIT_BYTES + SPARE_BYTES) return
  failures += 1
  const how = crashed
    ? 'crashed'
    : outcome.ended
      ? `took ${Math.round(outcome.peakBytes / 2 ** 20)} MiB`
      : 'did not end'
  process.stdout.write(`${name.padEnd(32)} ${how.padEnd(16)} ${sql.slice(0, 150)}\n`)
}

const names = [...new Set([...ORDINARY_FUNCTIONS, ...AGGREGATE_FUNCTIONS])].toSorted()
const chosen = names.filter(
  name =>
    (values.only === undefined || name === values.only) &&
    name >= (values.from ?? '') &&
    name <= (values.to ?? '\uffff'),
)
const BY_HAND = '(by hand)'
let last = ''
for (const name of chosen) {
  if (performance.now() > endMs) break
  last = name
  let taken = 0
  const failuresBefore = failures
  for (const { trial, hostile } of callsOf(name)) {
    if (taken >= CALLS_MAX || failures > failuresBefore + 1) break
    const known = await engine.ask({ trial }, 5_000)
    if (known.error !== undefined) continue
    taken += 1
    for (const sql of hostile) await tryOne(name, sql)
  }
  if (taken === 0) process.stdout.write(`${name.padEnd(32)} no shape is taken\n`)
}
if (values.only === BY_HAND || (values.only === undefined && values.from === undefined))
  for (const sql of HAND_MADE) await tryOne(BY_HAND, sql)
engine.stop()
process.stdout.write(
  `${statements} statements (and ${refused} that the allow-list refuses) up to ${last}: ${failures} beyond their limits\n`,
)
process.exitCode = failures === 0 ? 0 : 1

/** Plays one case: sends its steps in order, and checks until its rows are right or its time is over. */
import { setTimeout as delay } from 'node:timers/promises'
import { encodeWrite1, HEADERS_1, snappy } from '../support/remote-write.ts'
import type { Expectation, ReadyCase, Step } from './case.ts'
import { sameRows } from './compare.ts'
import { checkYaml, outputGoesAway } from './processes.ts'
import type { Stage } from './stage.ts'

type Rows = readonly (readonly unknown[])[]
type StepOf<Name extends Step['do']> = Extract<Step, { do: Name }>

/** What was wrong, one line each; empty if all is right. */
export async function playCase(stage: Stage, played: ReadyCase): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const [at, step] of (played.steps ?? []).entries()) {
    const found = await playStep(stage, played, step)
    wrong.push(...found.map(text => `step ${at + 1} (${step.do}): ${text}`))
  }
  const sinceMs = played.scrape === undefined ? Date.now() : Math.max(stage.startedMs, Date.now() - 10_000)
  for (const expectation of played.expect ?? []) {
    wrong.push(...(await expectRows(stage, expectation, sinceMs)))
  }
  return wrong
}

async function playStep(stage: Stage, played: ReadyCase, step: Step): Promise<readonly string[]> {
  switch (step.do) {
    case 'otlp':
      return sendOtlp(stage, step)
    case 'rw':
      return sendSeries(stage, played, step)
    case 'clickhouse':
      return askClickHouse(stage, step)
    case 'check':
      return checkYaml(step)
    case 'process':
      return outputGoesAway(step)
    case 'wait':
      await delay(step.seconds * 1000)
      return []
    default:
      return [`nobody here knows how to play ${JSON.stringify(step)}`]
  }
}

async function sendOtlp({ otlp }: Stage, step: StepOf<'otlp'>): Promise<readonly string[]> {
  const response = await fetch(otlp + step.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...step.headers },
    body: step.text ?? JSON.stringify(step.body),
  })
  return compareAnswer(response.status, await response.text(), step)
}

async function sendSeries(
  { otlp }: Stage,
  { t0Seconds }: ReadyCase,
  step: StepOf<'rw'>,
): Promise<readonly string[]> {
  const series = step.series.map(([labels, samples]) => ({
    // Labels are sorted, as every sender must sort them.
    labels: Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    samples: samples.map(([seconds, value]) => ({
      timestamp: Math.round((t0Seconds + seconds) * 1000),
      value: Number(value),
    })),
  }))
  const response = await fetch(`${otlp}/api/v1/write`, {
    method: 'POST',
    headers: HEADERS_1,
    body: snappy(encodeWrite1(series)),
  })
  return compareAnswer(response.status, await response.text(), { status: [200, 204], ...step })
}

let last: Promise<unknown> = Promise.resolve()
/** Cases that run at the same time take turns: a tenant may not run many statements at once. */
function inTurn<T>(ask: () => Promise<T>): Promise<T> {
  const answer = last.then(ask)
  last = answer.catch(() => undefined)
  return answer
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly rows: Rows
}

/** One statement at the ClickHouse interface, as rows of values. */
const selectRows = (http: string, sql: string, query = ''): Promise<Answer> =>
  inTurn(() => select(http, sql, query))

async function select(http: string, sql: string, query: string): Promise<Answer> {
  const response = await fetch(`${http}/clickhouse/?default_format=JSONCompactEachRow${query}`, {
    method: 'POST',
    body: sql,
  })
  const text = await response.text()
  const isJson = response.ok && text.startsWith('[')
  const lines = isJson ? text.split('\n').filter(line => line !== '') : []
  return { status: response.status, text, rows: lines.map(line => JSON.parse(line) as unknown[]) }
}

async function askClickHouse({ http }: Stage, step: StepOf<'clickhouse'>): Promise<readonly string[]> {
  const answer = await selectRows(http, step.sql, step.query)
  const wrong = compareAnswer(answer.status, answer.text, { status: [200], ...step })
  if (wrong.length > 0 || step.rows === undefined || sameRows(answer.rows, step.rows)) return wrong
  return [`got ${JSON.stringify(answer.rows)}, right ${JSON.stringify(step.rows)}`]
}

function compareAnswer(
  status: number,
  text: string,
  wanted: { status?: readonly number[]; answer_has?: readonly string[]; answer_not?: readonly string[] },
): readonly string[] {
  const short = text.slice(0, 300)
  const missing = (wanted.answer_has ?? []).filter(part => !text.includes(part))
  return [
    ...(wanted.status === undefined || wanted.status.includes(status)
      ? []
      : [`got ${status} ${short}, right ${wanted.status.join(' or ')}`]),
    ...missing.map(part => `the answer lacks ${JSON.stringify(part)}: ${short}`),
    ...((wanted.answer_not ?? []).includes(text.trim())
      ? [`the answer says nothing: ${status} ${short}`]
      : []),
  ]
}

const DEFAULT_WAIT_SECONDS = 10

async function expectRows(
  { http }: Stage,
  { sql, rows, within_part: withinPart, wait = DEFAULT_WAIT_SECONDS }: Expectation,
  sinceMs: number,
): Promise<readonly string[]> {
  const deadline = sinceMs + wait * 1000
  for (;;) {
    const answer = await selectRows(http, sql)
    if (answer.status === 200 && sameRows(answer.rows, rows, withinPart)) return []
    if (Date.now() > deadline) {
      const got = answer.status === 200 ? JSON.stringify(answer.rows) : answer.text.slice(0, 300)
      return [`got ${got}, right ${JSON.stringify(rows)} for ${sql}`]
    }
    await delay(500)
  }
}

/** Answers questions that evaluate an expression. */
import { type Control, prepare, type QueryResult, run } from '../../promql/index.ts'
import { isCut, resultData, success, timeText } from '../encode/results.ts'
import type { Question, Task } from '../wire/messages.ts'
import { sourceOf, type Tables } from './source.ts'

type EvaluationQuestion = Extract<Question, { kind: 'query' | 'query_range' }>

/** Said where `limit` leaves out a part of an answer. */
export const TRUNCATED = 'results truncated due to limit'

/** The body of `query` and `query_range`. */
export async function evaluate(
  tables: Tables,
  task: Task,
  question: EvaluationQuestion,
): Promise<Iterable<string>> {
  const started = performance.now()
  const query = prepare(question.text, requestOf(question))
  const prepared = performance.now()
  const result = await run(query, sourceOf(tables), controlOf(task, question.stats === 'all'))
  const stats =
    question.stats === 'none'
      ? undefined
      : statsOf(result.stats, { started, prepared, ended: performance.now() })
  return success(resultData(result, question.limit, stats), {
    annotations: result.annotations,
    warnings: [
      ...[...tables.warnings].map(text => `PromQL warning: ${text}`),
      ...(isCut(result, question.limit) ? [TRUNCATED] : []),
    ],
  })
}

/** One instant query, for what shows samples in another form. */
export async function evaluateInstant(
  tables: Tables,
  task: Task,
  {
    text,
    timeMs,
    lookbackMs,
  }: { readonly text: string; readonly timeMs: number; readonly lookbackMs: number },
): Promise<QueryResult> {
  const query = prepare(text, { startMs: timeMs, endMs: timeMs, stepMs: 0, lookbackMs })
  return await run(query, sourceOf(tables), controlOf(task, false))
}

const requestOf = (question: EvaluationQuestion) =>
  question.kind === 'query'
    ? {
        startMs: question.timeMs,
        endMs: question.timeMs,
        stepMs: 0,
        lookbackMs: question.lookbackMs,
      }
    : {
        startMs: question.startMs,
        endMs: question.endMs,
        stepMs: question.stepMs,
        lookbackMs: question.lookbackMs,
      }

function controlOf({ limits, deadlineMs, cancel }: Task, perStep: boolean): Control {
  const flag = new Int32Array(cancel)
  return {
    maxSamples: limits.samples,
    maxResultPoints: limits.resultPoints,
    deadlineMs,
    cancelled: () => Atomics.load(flag, 0) !== 0,
    perStep,
  }
}

interface Moments {
  readonly started: number
  readonly prepared: number
  readonly ended: number
}

/** In the form of Prometheus: seconds, and samples. */
function statsOf(stats: QueryResult['stats'], { started, prepared, ended }: Moments): unknown {
  const seconds = (from: number, to: number): number => Math.round((to - from) * 1_000) / 1e6
  return {
    timings: {
      evalTotalTime: seconds(started, ended),
      resultSortTime: 0,
      queryPreparationTime: seconds(started, prepared),
      innerEvalTime: seconds(prepared, ended),
      execQueueTime: 0,
      execTotalTime: seconds(started, ended),
    },
    samples: {
      ...(stats.perStep === undefined
        ? {}
        : {
            totalQueryableSamplesPerStep: stats.perStep.map(([timeMs, samples]) => [
              Number(timeText(timeMs)),
              samples,
            ]),
          }),
      totalQueryableSamples: stats.totalSamples,
      peakSamples: stats.peakSamples,
    },
  }
}

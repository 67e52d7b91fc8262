/** From the text of a query to what can be evaluated. */

import { PromqlError } from '../model/errors.ts'
import { childrenOf, type Expr } from '../syntax/ast.ts'
import { typeOf } from '../syntax/check-types.ts'
import { NO_FEATURES } from '../syntax/features.ts'
import { parse } from '../syntax/parse.ts'
import { hasOneReference, infoSelectorsIn } from './info-reference.ts'
import { invariantIn } from './invariance.ts'
import { needsOf } from './needs.ts'
import type { Plan, QueryRequest, QuerySettings } from './plan.ts'
import { Resolver } from './resolve.ts'

const LOOKBACK_MS = 5 * 60_000
const SLICE_MS = 3_600_000
const SUBQUERY_STEP_MS = 60_000

function settingsOf(request: QueryRequest): QuerySettings {
  return {
    startMs: request.startMs,
    endMs: request.endMs,
    stepMs: request.stepMs,
    lookbackMs: request.lookbackMs ?? LOOKBACK_MS,
    sliceMs: request.sliceMs ?? SLICE_MS,
    subqueryStepMs: request.subqueryStepMs ?? SUBQUERY_STEP_MS,
    features: { ...NO_FEATURES, ...request.features },
  }
}

/** Reads a query and works out everything that does not need samples. Throws a `PromqlError` of kind `syntax`. */
export function prepare(text: string, request: QueryRequest): Plan {
  const settings = settingsOf(request)
  const expr = parse(text, settings.features)
  const type = typeOf(expr)
  if (settings.stepMs > 0 && type !== 'vector' && type !== 'scalar') {
    const name = type === 'matrix' ? 'range vector' : type
    throw new PromqlError(
      'syntax',
      `a range query needs a scalar or an instant vector, and this is a ${name}`,
    )
  }
  const resolver = new Resolver(text, settings)
  resolver.resolve(expr)
  const infoSelectors = infoSelectorsIn(expr, resolver)
  const known = { ...resolver, settings, infoSelectors }
  const { timings, lengths, subqueryStepsMs } = resolver
  const needs = needsOf(expr, { ...known, timings, lengths })
  return {
    text,
    expr,
    type,
    settings,
    timings,
    lengths,
    subqueryStepsMs,
    infoSelectors,
    invariant: invariantIn(expr, timings, call => hasOneReference(call, timings)),
    selectors: [...needs.values()].map(({ need }) => need),
    windows: [...needs.values()].map(({ window }) => window),
    needOf: new Map([...needs].map(([selector, { need }]) => [selector, need])),
    longestSubqueryMs: longestSubquery(expr, lengths),
  }
}

function longestSubquery(expr: Expr, lengths: Plan['lengths']): number {
  const own = expr.kind === 'subquery' ? (lengths.get(expr)?.ms ?? 0) : 0
  return Math.max(own, ...childrenOf(expr).map(child => longestSubquery(child, lengths)))
}

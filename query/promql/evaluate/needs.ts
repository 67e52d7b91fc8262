/** Which samples the selectors of a query need. */
import { NAME } from '../model/labels.ts'
import type { SelectorNeed } from '../series/source.ts'
import { childrenOf, type Expr, type VectorSelector } from '../syntax/ast.ts'
import type { NeedWindow, Plan } from './plan.ts'
import { isStatsOnly } from './stats-only.ts'

type Known = Pick<Plan, 'settings' | 'timings' | 'lengths' | 'infoSelectors'>

interface Found {
  readonly need: SelectorNeed
  readonly window: NeedWindow
}

/** All selectors below an expression, in the order of the text. */
export function needsOf(expr: Expr, known: Known): ReadonlyMap<VectorSelector, Found> {
  const found = new Map<VectorSelector, Found>()
  collect(expr, [], known, found)
  return found
}

function collect(expr: Expr, path: readonly Expr[], known: Known, found: Map<VectorSelector, Found>): void {
  if (expr.kind === 'vector') {
    const window = windowOf(expr, path, known)
    found.set(expr, { need: needOf(found.size, expr, path, known, window), window })
    return
  }
  const inside = [...path, expr]
  if (expr.kind !== 'call' || expr.func !== 'info') {
    for (const child of childrenOf(expr)) collect(child, inside, known, found)
    return
  }
  const [argument] = expr.args
  if (argument !== undefined) collect(argument, inside, known, found)
  const selector = known.infoSelectors.get(expr)
  if (selector !== undefined) collect(selector, inside, known, found)
}

/** Where the subqueries around a selector take it: the times to which its own are relative. */
function surroundings(path: readonly Expr[], { timings, lengths }: Known) {
  let [before, offset] = [0, 0]
  let at: number | undefined
  for (const node of path) {
    if (node.kind !== 'subquery') continue
    const timing = timings.get(node)
    if (timing?.atMs !== undefined) [before, offset, at] = [0, 0, timing.atMs]
    before += lengths.get(node)?.ms ?? 0
    offset += timing?.offsetMs ?? 0
  }
  return { before, offset, at }
}

function windowOf(selector: VectorSelector, path: readonly Expr[], known: Known): NeedWindow {
  const { settings, timings, lengths } = known
  const { lookbackMs } = settings
  const matrix = path.at(-1)
  const rangeMs = matrix?.kind === 'matrix' ? (lengths.get(matrix)?.ms ?? 0) : 0
  const isMatrix = matrix?.kind === 'matrix'
  const { extension } = selector
  const before = isMatrix ? rangeMs + (extension === undefined ? 0 : lookbackMs) : lookbackMs
  const after = extension === 'smoothed' ? lookbackMs : 0
  const how = { keepsStale: !isMatrix && extension === undefined, isStatsOnly: isStatsOnly(path) }
  const timing = timings.get(selector)
  const offset = timing?.offsetMs ?? 0
  if (timing?.atMs !== undefined) {
    const time = timing.atMs - offset
    return { fromMs: time - before, toMs: time + after, isFixed: true, ...how }
  }
  const around = surroundings(path, known)
  const [fromMs, toMs] = [-around.offset - around.before - offset - before, -around.offset - offset + after]
  if (around.at === undefined) return { fromMs, toMs, isFixed: false, ...how }
  return { fromMs: around.at + fromMs, toMs: around.at + toMs, isFixed: true, ...how }
}

function needOf(
  id: number,
  selector: VectorSelector,
  path: readonly Expr[],
  { settings, lengths }: Known,
  window: NeedWindow,
): SelectorNeed {
  const { startMs, endMs, stepMs } = settings
  const matrix = path.at(-1)
  const around = (matrix?.kind === 'matrix' ? path.slice(0, -1) : path).findLast(
    ({ kind }) => kind !== 'paren',
  )
  const name = selector.matchers.find(matcher => matcher.name === NAME && matcher.op === '=')
  return {
    id,
    matchers: selector.matchers,
    metricName: name?.value,
    fromMs: window.isFixed ? window.fromMs : startMs + window.fromMs,
    toMs: window.isFixed ? window.toMs : endMs + window.toMs,
    func: around?.kind === 'call' ? around.func : around?.kind === 'aggregation' ? around.op : '',
    rangeMs: matrix?.kind === 'matrix' ? (lengths.get(matrix)?.ms ?? 0) : 0,
    stepMs,
    grouping: around?.kind === 'aggregation' ? around.grouping : [],
    by: around?.kind === 'aggregation' && !around.without,
  }
}

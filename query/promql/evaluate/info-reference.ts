/** Which series `info` reads and when: at the time that the selectors of its first argument look at, if it is one time. */
import { NAME } from '../model/labels.ts'
import type { Matcher } from '../model/matchers.ts'
import { type Call, childrenOf, type Expr, type VectorSelector } from '../syntax/ast.ts'
import { typeOf } from '../syntax/check-types.ts'
import type { ResolvedTiming, Timings } from './plan.ts'
import type { Resolver } from './resolve.ts'

const DEFAULT_NAME: Matcher = { name: NAME, op: '=', value: 'target_info' }
const ANY_INFO: Matcher = { name: NAME, op: '=~', value: '.+_info' }

/** The conditions on the name of info series. */
export function infoNameMatchers(call: Call): readonly Matcher[] {
  const [, selector] = call.args
  const given = selector?.kind === 'vector' ? selector.matchers.filter(({ name }) => name === NAME) : []
  if (given.some(({ op }) => op === '=' || op === '=~')) return given
  return given.length > 0 ? [ANY_INFO, ...given] : [DEFAULT_NAME]
}

/** The conditions on the other labels of info series. */
export function infoDataMatchers(call: Call): readonly Matcher[] {
  const [, selector] = call.args
  return selector?.kind === 'vector' ? selector.matchers.filter(({ name }) => name !== NAME) : []
}

function isSame(a: ResolvedTiming, b: ResolvedTiming): boolean {
  if (a.atMs === undefined || b.atMs === undefined) return a.atMs === b.atMs && a.offsetMs === b.offsetMs
  return a.atMs - a.offsetMs === b.atMs - b.offsetMs
}

/** The references of all selectors; undefined stands for a vector without selectors, which the time of evaluation makes. */
function referencesOf(
  expr: Expr,
  path: readonly Expr[],
  timings: Timings,
): readonly (ResolvedTiming | undefined)[] {
  const type = typeOf(expr)
  if (type !== 'vector' && type !== 'matrix') return []
  if (expr.kind === 'vector')
    return [shifted(timings.get(expr) ?? { offsetMs: 0, atMs: undefined }, path, timings)]
  const children = expr.kind === 'call' && expr.func === 'info' ? expr.args.slice(0, 1) : childrenOf(expr)
  const found = children.flatMap(child => referencesOf(child, [...path, expr], timings))
  return found.length === 0 ? [undefined] : found
}

/** Subqueries around a selector move its time, until one of them fixes it. */
function shifted(own: ResolvedTiming, path: readonly Expr[], timings: Timings): ResolvedTiming {
  let { offsetMs, atMs } = own
  for (const node of path.toReversed()) {
    if (atMs !== undefined) break
    if (node.kind !== 'subquery') continue
    offsetMs += timings.get(node)?.offsetMs ?? 0
    atMs = timings.get(node)?.atMs
  }
  return { offsetMs, atMs }
}

function commonReference(call: Call, timings: Timings): ResolvedTiming | undefined {
  const [argument] = call.args
  const [first, ...others] = argument === undefined ? [] : referencesOf(argument, [], timings)
  if (first === undefined) return undefined
  return others.every(other => other !== undefined && isSame(first, other)) ? first : undefined
}

export const hasOneReference = (call: Call, timings: Timings): boolean =>
  commonReference(call, timings) !== undefined

/** A selector for the info series of each call of `info`; its timing is added to the others. */
export function infoSelectorsIn(expr: Expr, resolver: Resolver): ReadonlyMap<Call, VectorSelector> {
  const selectors = new Map<Call, VectorSelector>()
  const visit = (node: Expr): void => {
    if (node.kind === 'call' && node.func === 'info') {
      const selector: VectorSelector = {
        kind: 'vector',
        name: '',
        matchers: [...infoNameMatchers(node), ...infoDataMatchers(node)],
        extension: undefined,
        offset: undefined,
        at: undefined,
        range: node.range,
      }
      selectors.set(node, selector)
      const reference = commonReference(node, resolver.timings)
      resolver.timings.set(selector, reference ?? { offsetMs: 0, atMs: undefined })
    }
    for (const child of childrenOf(node)) visit(child)
  }
  visit(expr)
  return selectors
}

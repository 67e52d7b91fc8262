/** Operations of `/v1/aggregates`: text such as `(aggregate mean (metric cpu mean))`, or the same as lists of JSON. */

import { spanMs } from '../../shared/times.ts'
import { GnocchiError } from '../model/failure.ts'
import { type AggregationMethod, methodOf } from '../model/methods.ts'

/** A metric and the method by which its buckets are aggregated, as operations name them. */
export interface Reference {
  readonly metric: string
  readonly method: string
}

/** How values of several metrics, or of several buckets, become one. */
export interface Reaggregation {
  readonly of: (typeof REAGGREGATIONS)[number]
  /** Of its results, the differences in time. */
  readonly isRate: boolean
}

/** An operation, checked. */
export type MeasureOperation =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'metric'; readonly references: readonly Reference[] }
  | { readonly kind: 'call'; readonly name: string; readonly operands: readonly MeasureOperation[] }
  | { readonly kind: 'aggregate'; readonly by: Reaggregation; readonly operand: MeasureOperation }
  | {
      readonly kind: 'resample'
      readonly by: AggregationMethod
      readonly spanMs: number
      readonly operand: MeasureOperation
    }
  | {
      readonly kind: 'rolling'
      readonly by: Reaggregation
      readonly window: number
      readonly operand: MeasureOperation
    }

const REAGGREGATIONS = ['mean', 'median', 'std', 'min', 'max', 'sum', 'var', 'count'] as const

const UNARY = ['abs', 'absolute', 'neg', 'negative', 'cos', 'sin', 'tan', 'floor', 'ceil']
const OF_TIME = ['rateofchange', 'rateofchangesec']
const BINARY = [
  ...['=', '==', 'eq', '<', 'lt', '>', 'gt', '<=', '≤', 'le', '>=', '≥', 'ge', '!=', '≠', 'ne'],
  ...['%', 'mod', '+', 'add', '-', 'sub', '*', '×', 'mul', '/', '÷', 'div', '**', '^', 'pow'],
  ...['clip_min', 'clip_max', 'max'],
]

/** Numbers of operands by the name of an operation. */
const CALLS: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...[...UNARY, ...OF_TIME].map((name): [string, readonly number[]] => [name, [1]]),
  ...BINARY.map((name): [string, readonly number[]] => [name, [2]]),
  ['clip', [2, 3]],
])

/** Operations within operations, and all of them together. */
const DEEPEST = 100
const MOST = 1_000

const invalid = (reason: string): GnocchiError =>
  new GnocchiError(400, { cause: 'Invalid input', reason, detail: ['operations'] })

type OperationTree = string | number | readonly OperationTree[]

/** @throws GnocchiError */
export function operationOf(given: unknown): MeasureOperation {
  const tree = typeof given === 'string' ? treeOfText(given) : treeOfJson(given)
  if (!Array.isArray(tree)) throw invalid('operations must be a text or a list')
  return read(tree, { depth: 0, count: { left: MOST } })
}

function treeOfText(text: string): OperationTree {
  const failed = (detail: string): GnocchiError =>
    new GnocchiError(400, {
      cause: 'Invalid operations',
      reason: 'Fail to parse the operations string',
      detail,
    })
  const open: OperationTree[][] = []
  let whole: OperationTree | undefined
  for (const [token] of text.matchAll(/\(|\)|(?:[^\s()"']|"[^"]*"|'[^']*')+|["']/g)) {
    if (whole !== undefined) throw failed(`Expected the end of the operations before ${token.slice(0, 100)}`)
    if (token === '(') {
      if (open.length >= DEEPEST) throw failed('Too many parentheses')
      open.push([])
      continue
    }
    const list = open.at(-1)
    if (list === undefined) throw failed("Expected '('")
    if (token !== ')') {
      list.push(/^("[^"]*"|'[^']*')$/.test(token) ? token.slice(1, -1) : token)
      continue
    }
    open.pop()
    const outer = open.at(-1)
    if (outer === undefined) whole = list
    else outer.push(list)
  }
  if (whole === undefined) throw failed("Expected ')'")
  return whole
}

function treeOfJson(given: unknown, depth = 0): OperationTree {
  if (depth > DEEPEST) throw invalid('operations are nested too deep')
  if (typeof given === 'string' || typeof given === 'number') return given
  if (!Array.isArray(given)) throw invalid('operations consist of lists, texts and numbers')
  return given.map(one => treeOfJson(one, depth + 1))
}

interface Place {
  readonly depth: number
  readonly count: { left: number }
}

function read(tree: OperationTree, place: Place): MeasureOperation {
  place.count.left -= 1
  if (place.count.left < 0) throw invalid(`there are more than ${MOST} operations`)
  if (place.depth > DEEPEST) throw invalid('operations are nested too deep')
  if (!Array.isArray(tree)) return numberOf(tree as string | number)
  const [name, ...operands] = tree as readonly OperationTree[]
  if (typeof name !== 'string') throw invalid('Operation must not be empty, and begins with its name')
  const inner = (one: OperationTree | undefined): MeasureOperation => {
    if (one === undefined) throw invalid(`'${name.slice(0, 100)}' operation invalid`)
    return read(one, { ...place, depth: place.depth + 1 })
  }
  if (name === 'metric') return { kind: 'metric', references: referencesOf(operands) }
  if (name === 'aggregate' && operands.length >= 2) {
    const [by, ...rest] = operands
    return {
      kind: 'aggregate',
      by: reaggregationOf(by!),
      operand: rest.length === 1 ? inner(rest[0]) : united(rest.map(inner)),
    }
  }
  if (name === 'rolling' && operands.length === 3) {
    const window = Number(operands[1])
    if (!Number.isInteger(window) || window < 1) throw invalid('rolling needs a window of at least 1')
    return { kind: 'rolling', by: reaggregationOf(operands[0]!), window, operand: inner(operands[2]) }
  }
  if (name === 'resample' && operands.length === 3) {
    const [by, span] = [methodOf(String(operands[0])), spanMs(String(operands[1]))]
    if (by === undefined) throw invalid(`resample does not know ${String(operands[0]).slice(0, 100)}`)
    if (span === undefined || span < 1) throw invalid('resample needs a span of time, such as 3600')
    return { kind: 'resample', by, spanMs: span, operand: inner(operands[2]) }
  }
  if (CALLS.get(name)?.includes(operands.length) === true)
    return { kind: 'call', name, operands: operands.map(inner) }
  throw invalid(`'${name.slice(0, 100)}' operation invalid`)
}

/** Aodh names each metric by an operation of its own. */
function united(operands: readonly MeasureOperation[]): MeasureOperation {
  const references = operands.flatMap(one => {
    if (one.kind === 'metric') return one.references
    throw invalid("'aggregate' operation invalid")
  })
  return { kind: 'metric', references }
}

function numberOf(given: string | number): MeasureOperation {
  const value = typeof given === 'number' || given.trim() !== '' ? Number(given) : Number.NaN
  if (Number.isNaN(value))
    throw invalid(`${String(given).slice(0, 100)} is neither a number nor an operation`)
  return { kind: 'number', value }
}

/** `name method`, or lists of both. */
function referencesOf(operands: readonly OperationTree[]): readonly Reference[] {
  const lists = operands.every(Array.isArray)
    ? (operands as readonly (readonly OperationTree[])[])
    : [operands]
  return lists.map(list => {
    const [metric, method, ...rest] = list
    if (typeof metric !== 'string' || typeof method !== 'string' || rest.length > 0)
      throw invalid('metric needs the name or id of a metric, and an aggregation method')
    return { metric, method }
  })
}

/** A method that metrics are aggregated by. @throws GnocchiError */
export function reaggregationOf(given: OperationTree): Reaggregation {
  const [, rate, name] = /^(rate:)?(.*)$/.exec(String(given)) ?? []
  const of = REAGGREGATIONS.find(one => one === name)
  if (of === undefined) throw invalid(`metrics cannot be aggregated by ${String(given).slice(0, 100)}`)
  return { of, isRate: rate !== undefined }
}

/** All references, each once, in their order. */
export function referencesIn(operation: MeasureOperation): readonly Reference[] {
  const found = new Map<string, Reference>()
  const visit = (one: MeasureOperation): void => {
    if (one.kind === 'metric')
      for (const reference of one.references)
        found.set(JSON.stringify([reference.metric, reference.method]), reference)
    else if (one.kind === 'call') one.operands.forEach(visit)
    else if (one.kind !== 'number') visit(one.operand)
  }
  visit(operation)
  return [...found.values()]
}

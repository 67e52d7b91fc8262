/** TraceQL as SQL over the table of spans. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { tableName } from '../fence/tables.ts'
import { type BoundValues, DISTINCT_SPANS, type TraceCondition, WITHIN } from '../traces/conditions.ts'
import { comparisonSql, numberSql } from './comparisons.ts'
import type { Field, SpanCondition, Spanset, Stage, TraceQuery } from './traceql.ts'

/** A query as conditions, and the fields that its answer shows. */
export interface CompiledQuery {
  readonly condition: TraceCondition
  /** Compared or selected, each once. */
  readonly fields: readonly Field[]
}

/** Spans that belong to the result, and what their trace must have. */
interface CompiledSet {
  readonly spans: string
  /** Over spans of a trace; undefined: one of `spans` is enough. */
  readonly trace?: string
}

const SPANS = tableName('otel_traces')

/** @throws WattlineError `parameter_invalid` for what has no meaning */
export function compileTraceQl({ spanset, stages }: TraceQuery, values: BoundValues): CompiledQuery {
  const set = setSql(spanset, values)
  const filters = stages.flatMap(stage => (stage.kind === 'filter' ? [spanSql(stage.condition, values)] : []))
  const spans = [set.spans, ...filters].join(' AND ')
  const having = [
    ...(set.trace === undefined ? [] : [set.trace]),
    ...(filters.length === 0 ? [] : [`countIf(${spans}) > 0`]),
    ...stages.flatMap(stage => (stage.kind === 'aggregate' ? [aggregateSql(stage, values)] : [])),
  ]
  return {
    // Where the spans of several filters are needed, the aggregates are of those that fit.
    condition: {
      where: spans,
      ...(having.length === 0 ? {} : { having: having.map(one => `(${one})`).join(' AND ') }),
    },
    fields: fieldsOf(spanset, stages),
  }
}

function setSql(set: Spanset, values: BoundValues): CompiledSet {
  if (set.kind === 'filter') return { spans: `(${spanSql(set.condition, values)})` }
  const left = setSql(set.left, values)
  const right = setSql(set.right, values)
  if (set.kind === '&&' || set.kind === '||') {
    const word = set.kind === '&&' ? 'AND' : 'OR'
    return {
      spans: `(${left.spans} OR ${right.spans})`,
      trace: `(${traceOf(left)} ${word} ${traceOf(right)})`,
    }
  }
  if (left.trace !== undefined || right.trace !== undefined) {
    throw new WattlineError(
      'parameter_invalid',
      `TraceQL: && and || beside ${set.kind} are not supported between braces; write them inside the braces.`,
    )
  }
  return { spans: `(${right.spans} AND ${relation(set.kind, left.spans)})` }
}

const traceOf = ({ spans, trace }: CompiledSet): string => trace ?? `countIf(${spans}) > 0`

/** That a span is child, parent or sibling of a span of the left. */
function relation(kind: '>' | '<' | '~', left: string): string {
  const of = (columns: string): string =>
    `(SELECT ${columns} FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} AND ${left})`
  if (kind === '>') return `(TraceId, ParentSpanId) IN ${of('TraceId, SpanId')}`
  if (kind === '<') return `(TraceId, SpanId) IN ${of('TraceId, ParentSpanId')}`
  // A span alone is no sibling of itself.
  return (
    `ParentSpanId != '' AND (TraceId, ParentSpanId) IN ${of('TraceId, ParentSpanId')} AND NOT ` +
    `((TraceId, ParentSpanId) IN (SELECT TraceId, ParentSpanId FROM ${SPANS} WHERE Tenant = {tenant:String} AND ${WITHIN} ` +
    `AND ${left} GROUP BY TraceId, ParentSpanId HAVING uniqExact(SpanId) = 1) AND (${left}))`
  )
}

function spanSql(condition: SpanCondition, values: BoundValues): string {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const word = condition.kind === 'and' ? 'AND' : 'OR'
      return `(${spanSql(condition.left, values)} ${word} ${spanSql(condition.right, values)})`
    }
    case 'not':
      return `(NOT ${spanSql(condition.inner, values)})`
    case 'always':
      return condition.value ? '1' : '0'
    default:
      return `(${comparisonSql(condition, values)})`
  }
}

const COMPARED = { '=': '=', '!=': '!=', '>': '>', '>=': '>=', '<': '<', '<=': '<=' } as const

function aggregateSql(stage: Extract<Stage, { kind: 'aggregate' }>, values: BoundValues): string {
  const amount = values.add(stage.value, 'Float64')
  const op = COMPARED[stage.op]
  if (stage.field === null) return `${DISTINCT_SPANS} ${op} ${amount}`
  // Null where no span has a number: then nothing is known, and the trace is not found.
  return `ifNull(${stage.name}(${numberSql(stage.field, values)}) ${op} ${amount}, 0)`
}

function fieldsOf(spanset: Spanset, stages: readonly Stage[]): readonly Field[] {
  const found = new Map<string, Field>()
  const add = (field: Field): void => void found.set(JSON.stringify(field), field)
  const inCondition = (condition: SpanCondition): void => {
    if (condition.kind === 'compare') add(condition.field)
    else if (condition.kind === 'not') inCondition(condition.inner)
    else if (condition.kind !== 'always') {
      inCondition(condition.left)
      inCondition(condition.right)
    }
  }
  const inSet = (set: Spanset): void => {
    if (set.kind === 'filter') inCondition(set.condition)
    else {
      inSet(set.left)
      inSet(set.right)
    }
  }
  inSet(spanset)
  for (const stage of stages) {
    if (stage.kind === 'filter') inCondition(stage.condition)
    else if (stage.kind === 'select') stage.fields.forEach(add)
    else if (stage.field !== null) add(stage.field)
  }
  return [...found.values()]
}

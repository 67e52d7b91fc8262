/** TraceQL as a tree: the part of the language that docs/traces.md describes. */

/** Where an attribute is looked for; `any`: in the span, then in its resource. */
export type AttributeScope = 'any' | 'span' | 'resource' | 'event' | 'link'

/** What TraceQL knows about a span without an attribute. */
export type Intrinsic =
  | 'duration'
  | 'name'
  | 'status'
  | 'statusMessage'
  | 'kind'
  | 'spanId'
  | 'parentId'
  | 'traceId'
  | 'rootName'
  | 'rootServiceName'
  | 'traceDuration'
  | 'eventName'
  | 'linkTraceId'
  | 'linkSpanId'
  | 'scopeName'
  | 'scopeVersion'

/** Something that a span has. */
export type Field =
  | { readonly kind: 'attribute'; readonly scope: AttributeScope; readonly name: string }
  | { readonly kind: 'intrinsic'; readonly name: Intrinsic }

/** A constant. `word`: of a status or a kind. Durations are nanoseconds. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'duration'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'nil' }

/** Comparison operators. */
export type ComparisonOperator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '=~' | '!~'

/** A condition on one span. */
export type SpanCondition =
  | { readonly kind: 'and' | 'or'; readonly left: SpanCondition; readonly right: SpanCondition }
  | { readonly kind: 'not'; readonly inner: SpanCondition }
  | { readonly kind: 'always'; readonly value: boolean }
  | {
      readonly kind: 'compare'
      readonly field: Field
      readonly op: ComparisonOperator
      readonly value: Literal
    }

/** Sets of spans of a trace. `>`: spans of the right whose parent is of the left; `<`: whose child; `~`: whose sibling. */
export type Spanset =
  | { readonly kind: 'filter'; readonly condition: SpanCondition }
  | {
      readonly kind: '&&' | '||' | '>' | '<' | '~'
      readonly left: Spanset
      readonly right: Spanset
    }

/** What a stage of the pipeline does. */
export type Stage =
  | { readonly kind: 'filter'; readonly condition: SpanCondition }
  | { readonly kind: 'select'; readonly fields: readonly Field[] }
  | {
      readonly kind: 'aggregate'
      readonly name: 'count' | 'avg' | 'min' | 'max' | 'sum'
      /** Null: of the spans themselves. */
      readonly field: Field | null
      readonly op: Exclude<ComparisonOperator, '=~' | '!~'>
      readonly value: number
    }

/** A whole query. */
export interface TraceQuery {
  readonly spanset: Spanset
  readonly stages: readonly Stage[]
}

/** A search of Jaeger as conditions on spans. */
import { type BoundValues, IS_ERROR, type TraceCondition } from '../traces/conditions.ts'
import { kindTexts } from '../traces/names.ts'
import { type JaegerSearch, kindNumber } from './requests.ts'

/** The same span must fit all of it. */
export function searchCondition(
  query: Pick<JaegerSearch, 'service' | 'operation' | 'attributes' | 'minDurationNano' | 'maxDurationNano'>,
  values: BoundValues,
): TraceCondition {
  const { service, operation, attributes, minDurationNano, maxDurationNano } = query
  const parts = [
    ...(service === '' ? [] : [`ServiceName = ${values.add(service)}`]),
    ...(operation === '' ? [] : [`SpanName = ${values.add(operation)}`]),
    ...(minDurationNano > 0n ? [`Duration >= ${values.add(minDurationNano, 'UInt64')}`] : []),
    ...(maxDurationNano > 0n ? [`Duration <= ${values.add(maxDurationNano, 'UInt64')}`] : []),
    ...attributes.map(([key, value]) => `(${tagCondition(key, value, values)})`),
  ]
  return { where: parts.length === 0 ? '1' : parts.join(' AND ') }
}

/** A tag of the span, of its process, or a field of its logs; and what Jaeger shows as tags although it is none. */
function tagCondition(key: string, value: string, values: BoundValues): string {
  const name = values.add(key)
  const text = values.add(value)
  const stored =
    `(SpanAttributes[${name}] = ${text} AND mapContains(SpanAttributes, ${name})) OR ` +
    `(ResourceAttributes[${name}] = ${text} AND mapContains(ResourceAttributes, ${name})) OR ` +
    `arrayExists(one -> one[${name}] = ${text} AND mapContains(one, ${name}), \`Events.Attributes\`)`
  const shown = shownCondition(key, value, values)
  return shown === undefined ? stored : `${stored} OR ${shown}`
}

function shownCondition(key: string, value: string, values: BoundValues): string | undefined {
  switch (key) {
    case 'error':
      return value === 'true' ? IS_ERROR : value === 'false' ? `NOT ${IS_ERROR}` : undefined
    case 'span.kind':
      return `SpanKind IN ${values.add(kindTexts(kindNumber(value)), 'Array(String)')}`
    case 'otel.status_code':
      return `upper(replaceOne(StatusCode, 'STATUS_CODE_', '')) = ${values.add(value.toUpperCase())}`
    case 'otel.status_description':
      return `StatusMessage = ${values.add(value)}`
    case 'otel.scope.name':
      return `ScopeName = ${values.add(value)}`
    case 'otel.scope.version':
      return `ScopeVersion = ${values.add(value)}`
    case 'w3c.tracestate':
      return `TraceState = ${values.add(value)}`
    case 'event':
      return `has(\`Events.Name\`, ${values.add(value)})`
    default:
      return undefined
  }
}

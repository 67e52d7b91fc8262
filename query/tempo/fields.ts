/** Names of attributes and intrinsics in TraceQL. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { unescaped } from './tokens.ts'
import type { AttributeScope, Field, Intrinsic } from './traceql.ts'

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  duration: 'duration',
  name: 'name',
  status: 'status',
  statusMessage: 'statusMessage',
  kind: 'kind',
  rootName: 'rootName',
  rootServiceName: 'rootServiceName',
  traceDuration: 'traceDuration',
  'span:duration': 'duration',
  'span:name': 'name',
  'span:status': 'status',
  'span:statusMessage': 'statusMessage',
  'span:kind': 'kind',
  'span:id': 'spanId',
  'span:parentID': 'parentId',
  'trace:id': 'traceId',
  'trace:rootName': 'rootName',
  'trace:rootService': 'rootServiceName',
  'trace:duration': 'traceDuration',
  'event:name': 'eventName',
  'link:traceID': 'linkTraceId',
  'link:spanID': 'linkSpanId',
  'instrumentation:name': 'scopeName',
  'instrumentation:version': 'scopeVersion',
}

/** Intrinsics that are offered for completion. */
export const INTRINSIC_NAMES: readonly string[] = Object.keys(INTRINSICS).filter(
  name =>
    !/^span:(duration|name|status|statusMessage|kind)$|^trace:(rootName|rootService|duration)$/.test(name),
)

const SCOPES: readonly AttributeScope[] = ['span', 'resource', 'event', 'link']
/** Parts of TraceQL that have no column, and why. */
const NOT_STORED: Readonly<Record<string, string>> = {
  parent: 'attributes of the parent span; write { ... } > { ... } instead',
  instrumentation: 'attributes of the instrumentation scope, which are not stored',
}

/** The field that a name means; undefined: it is none. @throws WattlineError `parameter_invalid` */
export function fieldOf(text: string, at: number): Field | undefined {
  if (Object.hasOwn(INTRINSICS, text)) return { kind: 'intrinsic', name: INTRINSICS[text]! }
  const dot = text.indexOf('.')
  if (dot < 0) return undefined
  const scope = text.slice(0, dot)
  const name = nameOf(text.slice(dot + 1), at)
  if (name === '') return undefined
  if (scope === '') return { kind: 'attribute', scope: 'any', name }
  const known = SCOPES.find(one => one === scope)
  if (known !== undefined) return { kind: 'attribute', scope: known, name }
  const reason = NOT_STORED[scope]
  if (reason === undefined) return undefined
  throw new WattlineError('parameter_invalid', `TraceQL at ${at}: this API does not search ${reason}.`)
}

/** Parts in quotes may contain anything. */
const nameOf = (text: string, at: number): string =>
  text.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_, inner: string) => unescaped(inner, at))

import { decodeUtf8 } from '../../../core/columns/utf8.ts'
import type { MetricMeta } from '../../../core/model/streams/metric-points.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import { type AttributeTexts, NO_ATTRIBUTES, textOf } from './attribute-texts.ts'
import type { DecodeTally } from './decode-context.ts'
import type { Ranges, TextRange } from './envelope.ts'

const SCOPE = TAG.InstrumentationScope
const { stringify } = JSON
const UINT32_MAX = 0xffffffff

type ScopeMeta = Omit<MetricMeta, 'description' | 'unit' | 'temporality' | 'monotonic'>

/** The members of `Meta` that all metrics of a scope share, as the end of its text. */
export function scopeMeta(
  reader: ProtobufReader,
  texts: AttributeTexts,
  tally: DecodeTally,
  { messages, scopeUrl, resourceUrl }: ScopeRanges,
): string {
  const cutBefore = tally.cutAttributes
  const text = (start: number, end: number): string => decodeUtf8(reader.bytes, start, end)
  let scope = ''
  let scopeVersion = ''
  let scopeDropped = 0
  let count = 0
  reader.message = 'InstrumentationScope'
  for (let at = 0; at < messages.length; at += 2) {
    const end = messages[at + 1]!
    reader.position = messages[at]!
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === SCOPE.name || tag === SCOPE.version) {
        const stop = reader.length(end)
        if (tag === SCOPE.name) scope = text(reader.position, stop)
        else scopeVersion = text(reader.position, stop)
        reader.position = stop
      } else if (tag === SCOPE.attributes) {
        texts.read(end, count)
        count += 1
      } else if (tag === SCOPE.droppedAttributesCount) scopeDropped = reader.uint32(end)
      else reader.skip(tag, end, KNOWN_FIELDS.InstrumentationScope)
    }
  }
  const scopeAttributes = count === 0 ? NO_ATTRIBUTES : textOf(texts.take())
  return scopeText({
    scope,
    scopeVersion,
    scopeAttributes: scopeAttributes === NO_ATTRIBUTES ? '' : scopeAttributes,
    scopeDropped: Math.min(scopeDropped + tally.cutAttributes - cutBefore, UINT32_MAX),
    scopeUrl: text(scopeUrl.start, scopeUrl.end),
    resourceUrl: text(resourceUrl.start, resourceUrl.end),
  })
}

/** Where the body describes a scope and its resource. */
interface ScopeRanges {
  readonly messages: Ranges
  readonly scopeUrl: TextRange
  readonly resourceUrl: TextRange
}

/** Empty members are left out. */
function scopeText(meta: ScopeMeta): string {
  let text = ''
  for (const [name, value] of Object.entries(meta)) {
    if (value !== '' && value !== 0) text += `,"${name}":${stringify(value)}`
  }
  return text
}

/** The text of `Meta`; `scope`: the members of its scope, from `scopeMeta`. */
export function metaText(
  { description, unit, temporality = 0, monotonic }: MetricMeta,
  scope: string,
): string {
  const sum = temporality === 0 ? '' : `,"temporality":${temporality}`
  const rising = monotonic === true ? ',"monotonic":true' : ''
  return `{"description":${stringify(description)},"unit":${stringify(unit)}${sum}${rising}${scope}}`
}

import { KNOWN_FIELDS, type OtlpMessage, SINGLE_TAG } from '../../../core/protobuf/otlp/fields.ts'
import { SPAN_FAILURES, SPAN_MESSAGES, SPAN_REASONS } from '../decode/span-host.ts'

/** Messages that the span decoder reads. */
const MESSAGES: readonly OtlpMessage[] = [
  'ExportTraceServiceRequest',
  'ResourceSpans',
  'ScopeSpans',
  'Resource',
  'InstrumentationScope',
  'Span',
  'Event',
  'Link',
  'Status',
  'KeyValue',
  'AnyValue',
]

const hex = (number: number): string => `0x${number.toString(16).padStart(2, '0')}`

/** The tags of OTLP as AssemblyScript. */
export function tagsSource(): string {
  const enums = MESSAGES.map(message => {
    const tags: Readonly<Record<string, number>> = SINGLE_TAG[message]
    const lines = Object.entries(tags).map(([name, tag]) => `  ${name} = ${hex(tag)},`)
    return [`/** Fields of ${message}. */`, `export const enum ${message}Tag {`, ...lines, '}'].join('\n')
  })
  const masks = MESSAGES.map(message => `  ${message} = ${hex(KNOWN_FIELDS[message])},`)
  return [
    ...enums,
    ['/** For `skip`: a bit for every field. */', 'export const enum Fields {', ...masks, '}'].join('\n'),
  ].join('\n\n')
}

/** The numbers that decoder and host use for errors and reasons. */
export function numbersSource(): string {
  const constants = (named: readonly (readonly [name: string, doc: string])[]): string =>
    named.map(([name, doc], index) => `/** ${doc} */\nexport const ${name}: i32 = ${index}`).join('\n')
  const failures = Object.entries(SPAN_FAILURES).map(
    ([name, failure]) => [name, failure?.('`detail`') ?? 'takes more memory than allowed'] as const,
  )
  return [
    `// Messages, for errors.\n${constants(Object.entries(SPAN_MESSAGES))}`,
    `// Errors that end decoding.\n${constants(failures)}`,
    `// Why a span is rejected.\n${constants(SPAN_REASONS.map(reason => [reason.toUpperCase(), reason.replaceAll('_', ' ')]))}`,
    `/** Number of reasons. */\nexport const REASONS: i32 = ${SPAN_REASONS.length}`,
  ].join('\n\n')
}

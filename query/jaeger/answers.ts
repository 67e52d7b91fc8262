/** Traces as bodies of Jaeger's query API, written piece by piece: an answer of any size takes little memory. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { resourceSpansJson } from '../traces/otlp-json.ts'
import { readTraces, type WantedTrace } from '../traces/read-spans.ts'
import { cutWarning } from './methods.ts'
import { Processes, uiSpan, uiTraceId } from './ui-model.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** The body of version 1. `isOne`: a trace that does not exist is an error. @throws WattlineError `not_found` */
export async function* uiTraces(
  reader: FencedReader,
  tenant: string,
  wanted: readonly WantedTrace[],
  isOne = false,
): AsyncGenerator<Uint8Array> {
  let open: { readonly id: string; readonly processes: Processes } | undefined
  let isCut = false
  const found = new Set<string>()
  const closing = (): string => {
    const warnings = isCut ? [cutWarning()] : null
    return `],"processes":${JSON.stringify(open?.processes.all)},"warnings":${JSON.stringify(warnings)}}`
  }
  for await (const chunk of readTraces(reader, tenant, wanted)) {
    let text = ''
    if (open?.id !== chunk.traceId) {
      text += open === undefined ? '{"data":[' : `${closing()},`
      open = { id: chunk.traceId, processes: new Processes() }
      found.add(open.id)
      text += `{"traceID":"${uiTraceId(open.id)}","spans":[`
    } else if (chunk.spans.length > 0) text += ','
    const { processes } = open
    isCut = chunk.isCut
    text += chunk.spans.map(span => JSON.stringify(uiSpan(span, processes.idOf(span), null))).join(',')
    yield bytes(text)
  }
  if (open === undefined && isOne) throw notFound()
  const missing = wanted.filter(({ id, firstMs }) => firstMs === undefined && !found.has(id))
  const errors = missing.map(({ id }) => ({ code: 404, msg: 'trace not found', traceID: uiTraceId(id) }))
  const head = open === undefined ? '{"data":[' : closing()
  yield bytes(
    `${head}],"total":0,"limit":0,"offset":0,"errors":${JSON.stringify(errors.length === 0 ? null : errors)}}`,
  )
}

/** The body of version 3: OTLP. @throws WattlineError `not_found` */
export async function* otlpTraces(
  reader: FencedReader,
  tenant: string,
  wanted: readonly WantedTrace[],
): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const { spans } of readTraces(reader, tenant, wanted)) {
    if (spans.length === 0) continue
    const groups = resourceSpansJson(spans, 'otlp').join(',')
    yield bytes(`${isFirst ? '{"result":{"resourceSpans":[' : ','}${groups}`)
    isFirst = false
  }
  if (isFirst) throw notFound()
  yield bytes(']}}')
}

const notFound = (): WattlineError => new WattlineError('not_found', 'trace not found')

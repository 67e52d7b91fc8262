/** Answers of Jaeger's remote storage API, version 2 (`jaeger.storage.v2`), in protobuf. */
import { SPAN_KINDS } from '../../core/model/streams/traces.ts'
import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { Dependency } from '../traces/dependencies.ts'
import type { FoundTrace } from '../traces/find.ts'
import type { ServiceOperation } from '../traces/names.ts'

function written(write: (to: ProtobufWriter) => void): Uint8Array {
  const to = new ProtobufWriter(1024)
  write(to)
  return to.bytes()
}

function text(to: ProtobufWriter, field: number, value: string): void {
  if (value === '') return
  to.tag(field, WIRE.bytes)
  to.string(value)
}

function number(to: ProtobufWriter, field: number, value: number): void {
  if (value === 0) return
  to.tag(field, WIRE.varint)
  to.uint(value)
}

function message(to: ProtobufWriter, field: number, write: () => void): void {
  to.tag(field, WIRE.bytes)
  const start = to.begin()
  write()
  to.end(start)
}

/** GetServicesResponse{services*=1} */
export const servicesResponse = (services: readonly string[]): Uint8Array =>
  written(to => {
    for (const name of services) text(to, 1, name)
  })

/** GetOperationsResponse{operations*=1 {name=1, span_kind=2}} */
export const operationsResponse = (operations: readonly ServiceOperation[]): Uint8Array =>
  written(to => {
    for (const { name, kind } of operations) {
      message(to, 1, () => {
        text(to, 1, name)
        text(to, 2, kindText(kind))
      })
    }
  })

/** Jaeger's word for a kind; '' if a span has none. */
export const kindText = (kind: number): string => (kind === 0 ? '' : (SPAN_KINDS[kind] ?? '').toLowerCase())

/** FindTraceIDsResponse{trace_ids*=1 {trace_id=1, start=2, end=3}} */
export const traceIdsResponse = (found: readonly FoundTrace[]): Uint8Array =>
  written(to => {
    for (const { id, firstMs, lastMs } of found) {
      message(to, 1, () => {
        to.tag(1, WIRE.bytes)
        to.blob(Buffer.from(id, 'hex'))
        message(to, 2, () => timestamp(to, firstMs))
        message(to, 3, () => timestamp(to, lastMs + 1))
      })
    }
  })

function timestamp(to: ProtobufWriter, ms: number): void {
  number(to, 1, Math.floor(ms / 1_000))
  number(to, 2, (ms % 1_000) * 1_000_000)
}

/** GetDependenciesResponse{dependencies*=1 {parent=1, child=2, call_count=3, source=4}} */
export const dependenciesResponse = (dependencies: readonly Dependency[]): Uint8Array =>
  written(to => {
    for (const { parent, child, calls } of dependencies) {
      message(to, 1, () => {
        text(to, 1, parent)
        text(to, 2, child)
        number(to, 3, calls)
        text(to, 4, 'wattline')
      })
    }
  })

/** GetCapabilitiesResponse{search=1 {without_service_name=1, same_span_conjunction=2}} */
export const capabilitiesResponse = (): Uint8Array =>
  written(to =>
    message(to, 1, () => {
      number(to, 1, 1)
      number(to, 2, 1)
    }),
  )

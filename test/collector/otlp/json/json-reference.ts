/**
 * OTLP/JSON read independently: by protobufjs, after conversion of what OTLP writes differently from protobuf's own
 * JSON.
 */
import protobuf from 'protobufjs'
import type { Signal } from '../../../../collector/otlp/signals.ts'
import { jsonMessageType } from '../decode/otlp-proto.ts'
import { REQUEST_MESSAGES } from '../decode/reference.ts'
import { camelCase } from './odd-json.ts'

/** The request in protobuf. */
export function jsonIndependently(signal: Signal, text: string): Uint8Array {
  const type = jsonMessageType(REQUEST_MESSAGES[signal])
  return type.encode(type.fromObject(prepared(type, JSON.parse(text, exactly)))).finish()
}

type SourceReviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown

/** A double holds no nanoseconds of today; and of half a surrogate pair protobufjs makes three bytes that are no UTF-8. */
const exactly: SourceReviver = (_key, value, context) => {
  if (typeof value === 'string') return value.toWellFormed()
  const isInexact = typeof value === 'number' && !Number.isSafeInteger(value)
  return isInexact && /^-?\d+$/.test(context?.source ?? '') ? context?.source : value
}

/** Ids from hex, known members only, and the last member of a oneof. */
function prepared(type: protobuf.Type, message: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [written, value] of Object.entries(message)) {
    const name = camelCase(written)
    const field = Object.hasOwn(type.fields, name) ? type.fields[name]!.resolve() : undefined
    if (field === undefined || value === null) continue
    for (const other of field.partOf?.oneof ?? []) delete result[other]
    const { resolvedType } = field
    const one = (item: unknown): unknown => {
      if (resolvedType instanceof protobuf.Type) {
        return prepared(resolvedType, item as Record<string, unknown>)
      }
      if (/(I|^i)d$/.test(name) && field.type === 'bytes') return Buffer.from(item as string, 'hex')
      if (resolvedType instanceof protobuf.Enum && /^-?\d+$/.test(String(item))) return Number(item)
      return item
    }
    result[name] = Array.isArray(value) ? value.map(one) : one(value)
  }
  return result
}

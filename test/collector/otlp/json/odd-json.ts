/**
 * OTLP/JSON as senders may write it: members in any order, unknown ones in between, names and integers in both forms.
 */
import protobuf from 'protobufjs'
import { messageType } from '../decode/otlp-proto.ts'
import type { Random } from '../decode/wire.ts'

/** Text of a message given by the field names of opentelemetry-proto. */
export function oddJson(name: string, message: object, random: Random): string {
  return messageJson(messageType(name), message as Record<string, unknown>, random)
}

function messageJson(type: protobuf.Type, message: Record<string, unknown>, random: Random): string {
  const members = Object.entries(message).map(([name, value]) => {
    const field = type.fields[name]!.resolve()
    const one = (item: unknown): string => valueJson(field, item, random)
    const text = Array.isArray(value) ? `[${value.map(one)}]` : one(value)
    return `${JSON.stringify(random(4) === 0 ? name : camelCase(name))}:${text}`
  })
  if (random(8) === 0) members.push(UNKNOWN[random(UNKNOWN.length)]!)
  const shuffled = members.map(member => ({ member, at: random(1 << 20) })).sort((a, b) => a.at - b.at)
  return `{${shuffled.map(({ member }) => member)}}`
}

const UNKNOWN = ['"later":{"a":[1,{"b":null}]}', '"starttimeunixnano":"x"', '"__proto__":7', '"absent":null']

function valueJson(field: protobuf.Field, value: unknown, random: Random): string {
  const { resolvedType, type, name } = field
  if (resolvedType instanceof protobuf.Type) {
    return messageJson(resolvedType, value as Record<string, unknown>, random)
  }
  if (resolvedType instanceof protobuf.Enum) {
    const enumName = resolvedType.valuesById[value as number]
    return enumName !== undefined && random(2) === 0 ? `"${enumName}"` : String(value)
  }
  if (value instanceof Uint8Array) {
    if (name.endsWith('_id')) return `"${anyCase(Buffer.from(value).toString('hex'), random)}"`
    return `"${Buffer.from(value).toString(random(2) === 0 ? 'base64' : 'base64url')}"`
  }
  if (typeof value === 'boolean') return String(value)
  if (type === 'double') return doubleJson(value as number, random)
  // 64-bit integers are strings in these objects, and either in JSON.
  if (type !== 'string') return random(2) === 0 ? String(value) : `"${value}"`
  return JSON.stringify(value)
}

function doubleJson(value: number, random: Random): string {
  if (!Number.isFinite(value)) return `"${value}"`
  const text = Object.is(value, -0) ? '-0' : String(value)
  return random(4) === 0 ? `"${text}"` : text
}

const anyCase = (hex: string, random: Random): string =>
  [...hex].map(digit => (random(2) === 0 ? digit.toUpperCase() : digit)).join('')

/** The name in JSON of a field of opentelemetry-proto. */
export const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Valid requests as trees of fields, to be changed at sensitive places: a length, a tag, a value of a known kind. */
import protobuf from 'protobufjs'

export interface FieldNode {
  /** Place in the tree, parents first; a node's descendants are those up to and without `end`. */
  readonly index: number
  readonly end: number
  readonly number: number
  readonly wire: number
  /** Name of its message; '' for a value. */
  readonly message: string
  /** Type of the value as in .proto files; '' for a message and for unknown content. */
  readonly type: string
  /** The original field: tag, length, value. */
  readonly bytes: Uint8Array
  /** Where the value begins in it. */
  readonly valueStart: number
  readonly children: readonly FieldNode[]
}

/** The request as the message of a virtual field. */
export function parseTree(type: protobuf.Type, bytes: Uint8Array): FieldNode {
  const children = parseFields(type, bytes, 1)
  const end = children.at(-1)?.end ?? 1
  return { index: 0, end, number: 0, wire: 2, message: type.name, type: '', bytes, valueStart: 0, children }
}

function parseFields(type: protobuf.Type, bytes: Uint8Array, firstIndex: number): FieldNode[] {
  const reader = protobuf.Reader.create(bytes)
  const nodes: FieldNode[] = []
  let index = firstIndex
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const [number, wire] = [tag >>> 3, tag & 7]
    const field = type.fieldsById[number]?.resolve()
    const nested = field?.resolvedType instanceof protobuf.Type && wire === 2 ? field.resolvedType : null
    const node = {
      number,
      wire,
      message: nested?.name ?? '',
      type:
        nested !== null ? '' : field?.resolvedType instanceof protobuf.Enum ? 'enum' : (field?.type ?? ''),
    }
    let children: FieldNode[] = []
    let valueStart = reader.pos
    if (wire === 2) {
      const length = reader.uint32()
      valueStart = reader.pos
      if (nested !== null) {
        children = parseFields(nested, bytes.subarray(valueStart, valueStart + length), index + 1)
      }
      reader.pos = valueStart + length
    } else reader.skipType(wire)
    const end = children.at(-1)?.end ?? index + 1
    const own = bytes.subarray(start, reader.pos)
    nodes.push({ ...node, index, end, bytes: own, valueStart: valueStart - start, children })
    index = end
  }
  return nodes
}

/**
 * The answer to clickhouse-go's first query, as the Native block that it expects. The driver sends a protocol revision
 * in the URL and decodes this first block by it: with block info and a flag per column. The embedded engine writes
 * neither, so the handshake announces revision 0, and the driver decodes everything that follows without them.
 */
import type { EngineFacts } from './engine-facts.ts'
import { tokenize } from './tokens.ts'

const textBytes = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  return Buffer.concat([uvarint(bytes.length), bytes])
}

function uvarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** Revision from which a block contains its info, and from which each column has a flag. */
const WITH_BLOCK_INFO = 1
const WITH_COLUMN_FLAG = 54_454

/** One block with one row: displayName, version, revision 0, timezone; framed for a client of `revision`. */
export function handshakeBlock(server: EngineFacts, revision: number): Uint8Array {
  const flag = revision >= WITH_COLUMN_FLAG ? Buffer.of(0) : Buffer.of()
  const column = (name: string, type: string, data: Uint8Array): Buffer =>
    Buffer.concat([textBytes(name), textBytes(type), flag, data])
  // Field 1: no overflow; field 2: no bucket (-1); 0: end.
  const info = revision >= WITH_BLOCK_INFO ? Buffer.of(1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0) : Buffer.of()
  return Buffer.concat([
    info,
    uvarint(4),
    uvarint(1),
    column('displayName()', 'String', textBytes('wattline')),
    column('version()', 'String', textBytes(server.version)),
    column('revision()', 'UInt32', Buffer.alloc(4)),
    column('timezone()', 'String', textBytes(server.timeZone)),
  ])
}

const QUESTION = 'selectdisplayname(),version(),revision(),timezone()'

/** Whether the statement is that query. */
export function isHandshake(sql: string): boolean {
  // Drivers write it in one line; longer text is not examined.
  if (sql.length > 2 * QUESTION.length) return false
  const tokens = tokenize(sql).filter(token => token.kind !== 'space')
  return (
    tokens
      .map(token => token.text)
      .join('')
      .toLowerCase() === QUESTION
  )
}

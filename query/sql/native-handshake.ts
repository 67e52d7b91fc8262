/**
 * The answer to clickhouse-go's first question, as the Native block it expects. The driver speaks a protocol revision in
 * the URL and decodes this first block by it: with block info and a flag per column. The engine in the process writes
 * neither, so the handshake tells the driver revision 0, and it decodes all that follows without them.
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

/** Revision from which a block carries its info, and from which each column carries a flag. */
const WITH_BLOCK_INFO = 1
const WITH_COLUMN_FLAG = 54_454

/** One block of one row: displayName, version, revision 0, timezone; framed as a client of `revision` decodes it. */
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

/** Whether the statement is that question. */
export function isHandshake(sql: string): boolean {
  // Drivers write it in one line; nothing longer is looked at.
  if (sql.length > 2 * QUESTION.length) return false
  const tokens = tokenize(sql).filter(token => token.kind !== 'space')
  return (
    tokens
      .map(token => token.text)
      .join('')
      .toLowerCase() === QUESTION
  )
}

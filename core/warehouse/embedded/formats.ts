/**
 * The engine streams an answer in pieces, each of which is a complete document of the format. Formats without head or
 * foot can be streamed, since their pieces simply follow each other; all others are made whole in the engine first.
 */
const CONCATENABLE: ReadonlySet<string> = new Set([
  'JSONEachRow',
  'JSONCompactEachRow',
  'JSONStringsEachRow',
  'JSONCompactStringsEachRow',
  'TabSeparated',
  'TabSeparatedRaw',
  'TSV',
  'TSVRaw',
  'CSV',
  'RowBinary',
  'Native',
])

export const canStream = (format: string): boolean => CONCATENABLE.has(format)

/**
 * Native blocks of this revision and later carry a head (block info), and from the second one a flag on every column.
 * The engine in the process writes neither: it has no setting for the revision.
 */
const REVISION_WITH_BLOCK_INFO = 51_903
const REVISION_WITH_COLUMN_FLAG = 54_454

/** Bytes before each Native block for the client's revision; null when the engine cannot speak it. */
export function nativeBlockHead(clientProtocolVersion: number | undefined): Uint8Array | null {
  if (clientProtocolVersion === undefined || clientProtocolVersion < REVISION_WITH_BLOCK_INFO) {
    return new Uint8Array()
  }
  if (clientProtocolVersion >= REVISION_WITH_COLUMN_FLAG) return null
  // Field 1: not an overflow block. Field 2: no bucket (-1). 0: end of the fields.
  return Uint8Array.of(1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0)
}

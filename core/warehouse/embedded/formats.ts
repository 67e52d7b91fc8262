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

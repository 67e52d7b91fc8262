/**
 * Formats without header or footer: the rows before an error are valid by themselves. In all other formats the server
 * completes the answer first.
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

/** Whether an answer in this output format may be passed on before the server has finished it. */
export const canStream = (format: string): boolean => CONCATENABLE.has(format)

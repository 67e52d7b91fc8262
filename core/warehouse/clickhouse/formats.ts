/**
 * Formats without head or foot: what there is of an answer that ends with an error is right as far as it goes. Answers in
 * all others are made whole by the server first.
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

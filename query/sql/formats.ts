/**
 * Output formats that we pass to the engine, and their media types. Formats that read schema or template files, and
 * input-only formats, are omitted.
 */
const TEXT = 'text/plain; charset=UTF-8'
const JSON_TYPE = 'application/json; charset=UTF-8'
const LINES = 'application/x-ndjson; charset=UTF-8'
const CSV = 'text/csv; charset=UTF-8; header=absent'
const CSV_HEADER = 'text/csv; charset=UTF-8; header=present'
const TSV = 'text/tab-separated-values; charset=UTF-8'
const BINARY = 'application/octet-stream'

const FORMATS: Readonly<Record<string, string>> = {
  JSON: JSON_TYPE,
  JSONStrings: JSON_TYPE,
  JSONCompact: JSON_TYPE,
  JSONCompactStrings: JSON_TYPE,
  JSONColumns: JSON_TYPE,
  JSONColumnsWithMetadata: JSON_TYPE,
  JSONCompactColumns: JSON_TYPE,
  JSONObjectEachRow: JSON_TYPE,
  JSONEachRow: LINES,
  JSONStringsEachRow: LINES,
  JSONCompactEachRow: LINES,
  JSONCompactEachRowWithNames: LINES,
  JSONCompactEachRowWithNamesAndTypes: LINES,
  JSONCompactStringsEachRow: LINES,
  JSONCompactStringsEachRowWithNames: LINES,
  JSONCompactStringsEachRowWithNamesAndTypes: LINES,
  JSONLines: LINES,
  NDJSON: LINES,
  CSV,
  CSVWithNames: CSV_HEADER,
  CSVWithNamesAndTypes: CSV_HEADER,
  TabSeparated: TSV,
  TabSeparatedRaw: TSV,
  TabSeparatedWithNames: TSV,
  TabSeparatedWithNamesAndTypes: TSV,
  TabSeparatedRawWithNames: TSV,
  TabSeparatedRawWithNamesAndTypes: TSV,
  TSKV: TSV,
  TSV,
  TSVRaw: TSV,
  TSVWithNames: TSV,
  TSVWithNamesAndTypes: TSV,
  Values: TEXT,
  Vertical: TEXT,
  Markdown: TEXT,
  XML: 'application/xml; charset=UTF-8',
  Pretty: TEXT,
  PrettyCompact: TEXT,
  PrettySpace: TEXT,
  PrettyNoEscapes: TEXT,
  PrettyCompactNoEscapes: TEXT,
  PrettySpaceNoEscapes: TEXT,
  PrettyMonoBlock: TEXT,
  PrettyCompactMonoBlock: TEXT,
  PrettyJSONEachRow: JSON_TYPE,
  Native: BINARY,
  RowBinary: BINARY,
  RowBinaryWithNames: BINARY,
  RowBinaryWithNamesAndTypes: BINARY,
  Parquet: BINARY,
  Arrow: BINARY,
  ArrowStream: BINARY,
  Null: TEXT,
}

const BY_LOWER_NAME = new Map(Object.keys(FORMATS).map(name => [name.toLowerCase(), name]))

/** A format that statements may use. */
export interface OutputFormat {
  /** The engine's name. */
  readonly name: string
  readonly contentType: string
}

/** Undefined for formats that are not offered. */
export function outputFormat(name: string): OutputFormat | undefined {
  const known = BY_LOWER_NAME.get(name.toLowerCase())
  return known === undefined ? undefined : { name: known, contentType: FORMATS[known]! }
}

/** Names of all formats, in the engine's spelling. */
export const FORMAT_NAMES: readonly string[] = Object.keys(FORMATS)

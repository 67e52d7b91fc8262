/** CSV by RFC 4180, with a header: where each record begins is kept, so that problems can name it. */
import { FactorFileError, type FileProblem } from './problems.ts'

/** A line of the file with its cells by column; empty cells are left out. */
export interface CsvRecord {
  readonly line: number
  readonly cells: Readonly<Record<string, string>>
}

interface RawRecord {
  readonly line: number
  readonly cells: readonly string[]
}

/** Spreadsheets separate by what their country does not use in numbers. */
const SEPARATORS = [',', ';', '\t']

/** @throws FactorFileError */
export function parseCsv(
  name: string,
  text: string,
): { readonly columns: readonly string[]; readonly records: readonly CsvRecord[] } {
  const separator = separatorOf(text)
  const [header, ...rows] = rawRecords(name, text.replace(/^\u{feff}/u, ''), separator)
  if (header === undefined)
    throw new FactorFileError(name, [{ line: 1, problem: 'the file is empty: it needs a header line' }])
  const columns = header.cells.map(cell => cell.trim())
  const twice = columns.find((column, index) => columns.indexOf(column) !== index)
  if (twice !== undefined)
    throw new FactorFileError(name, [{ line: header.line, column: twice, problem: 'appears twice' }])
  const problems: FileProblem[] = []
  const records = rows.map(({ line, cells }) => {
    if (cells.length !== columns.length) {
      problems.push({ line, problem: `has ${cells.length} cells, the header has ${columns.length}` })
    }
    const entries = columns.flatMap((column, index) => {
      const cell = cells[index]?.trim() ?? ''
      return cell === '' ? [] : [[column, cell] as const]
    })
    return { line, cells: Object.fromEntries(entries) }
  })
  if (problems.length > 0) throw new FactorFileError(name, problems)
  return { columns, records }
}

function separatorOf(text: string): string {
  const header = text.slice(0, text.search(/[\r\n]|$/))
  const counts = SEPARATORS.map(separator => header.split(separator).length)
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ','
}

/** Records as they stand; empty lines are passed over. */
function rawRecords(name: string, text: string, separator: string): readonly RawRecord[] {
  const records: RawRecord[] = []
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r\\n|\\n|\\r|$)`,
    'y',
  )
  let [line, start] = [1, 1]
  let cells: string[] = []
  while (cell.lastIndex < text.length || cells.length > 0) {
    const found = cell.exec(text)
    if (found === null)
      throw new FactorFileError(name, [{ line, problem: 'a quote opens or closes within a cell' }])
    const [, quoted, plain = '', end = ''] = found
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += quoted?.match(/\r\n|\n|\r/g)?.length ?? 0
    if (end === separator) continue
    if (cells.length > 1 || cells[0]?.trim() !== '') records.push({ line: start, cells })
    cells = []
    line += 1
    start = line
  }
  return records
}

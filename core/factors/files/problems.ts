/** What is wrong with a factor file, and where. */

/** One problem. Lines and columns count from 1. */
export interface FileProblem {
  readonly line: number
  /** Of YAML, the number of the character; of CSV, the name of the column. Absent: the line as a whole. */
  readonly column?: number | string
  readonly problem: string
}

/** Problems that are told; the others are counted. */
const MOST_TOLD = 20

/** Nothing of the file is used. The message names every problem, up to a number. */
export class FactorFileError extends Error {
  readonly problems: readonly FileProblem[]

  constructor(name: string, problems: readonly FileProblem[]) {
    const told = problems.slice(0, MOST_TOLD).map(problemText)
    const rest = problems.length - told.length
    const more = rest > 0 ? [`and ${rest} more`] : []
    super(`${name} has ${problems.length} problem(s):\n  ${[...told, ...more].join('\n  ')}\n`)
    this.name = 'FactorFileError'
    this.problems = problems
  }
}

const problemText = ({ line, column, problem }: FileProblem): string => {
  const place =
    column === undefined ? '' : `, column ${typeof column === 'string' ? JSON.stringify(column) : column}`
  return `line ${line}${place}: ${problem}`
}

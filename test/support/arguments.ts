/**
 * Options of the named suites and benches: `parseArgs` of Node, which besides answers `--help` with the comment at the head of the
 * script (unless that has such an option itself), and reports what it does not know without a stack.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs as parse } from 'node:util'

/** The text of the first block comment of a script: what it does, and how it is called. */
export const headOf = (source: string): string =>
  (/\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? '').replace(/^[ \t]*\*? ?/gm, '').trim()

const script = process.argv[1] ?? ''

/** As `parseArgs` of node:util, over the arguments of this process. Ends it with 0 after `--help`, with 2 after a wrong option. */
export const parseArgs: typeof parse = config => {
  if (!('help' in (config?.options ?? {})) && process.argv.includes('--help')) {
    process.stdout.write(`${headOf(readFileSync(script, 'utf8'))}\n`)
    process.exit(0)
  }
  try {
    return parse(config)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n--help shows what ${basename(script)} takes.\n`)
    process.exit(2)
  }
}

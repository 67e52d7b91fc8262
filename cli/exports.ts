import { Command, Option } from 'commander'
import type { ExportsAnswer } from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'

interface ExportsOptions extends ClientOptions {
  readonly format: string
}

/** `wattline exports`, from `GET /api/v1/exports`. */
export const exportsCommand = (): Command =>
  new Command('exports')
    .description(
      'Show how far the exports of tables as Parquet are (`wattline export` moves an installation)',
    )
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
    .addHelpText('after', '\nExamples:\n  wattline exports\n  wattline exports --format json')
    .action(async (options: ExportsOptions) => {
      const answer = await ask<ExportsAnswer>(options, '/api/v1/exports', ['to', 'tables'])
      process.stdout.write(renderExports(answer, options.format))
    })

/** Exported for its test. */
export function renderExports(answer: ExportsAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  const rows = answer.tables.map(({ table, files, rows, late_files: late, from, to, pending }) => [
    table,
    String(files),
    String(rows),
    String(late),
    from ?? '-',
    to ?? '-',
    String(pending),
  ])
  const table = renderTable(['table', 'files', 'rows', 'late files', 'from', 'to', 'pending'], rows)
  const compared = `To ${answer.to}, a file for each ${answer.period}; compared ${answer.compared ?? 'not yet'}.\n`
  return `${table}${compared}${answer.problem === null ? '' : `Problem: ${answer.problem}\n`}`
}

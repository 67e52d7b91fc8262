import { Command, Option } from 'commander'
import type { LagAnswer } from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'
import { ageText } from './units.ts'

interface LagOptions extends ClientOptions {
  readonly group?: string
  readonly stream?: string
  readonly pending?: boolean
  readonly format: string
}

/** `wattline lag`, from `GET /api/v1/lag`. */
export const lagCommand = (): Command =>
  new Command('lag')
    .description('Show how far each processor is behind in the log, and how old the newest rows are')
    .option('--group <processor>', 'store, meter, rate, admit or forward')
    .option('--stream <stream>', 'one stream, such as traces')
    .option('--pending', 'only partitions with pending records')
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline lag\n  wattline lag --pending\n  wattline lag --group store --stream traces --format json',
    )
    .action(async (options: LagOptions) => {
      const query = new URLSearchParams({ newest: 'true' })
      if (options.group !== undefined) query.set('group', options.group)
      if (options.stream !== undefined) query.set('stream', options.stream)
      const answer = await ask<LagAnswer>(options, `/api/v1/lag?${query}`, ['partitions'])
      const partitions = answer.partitions.filter(
        ({ pending }) => options.pending !== true || pending !== '0',
      )
      process.stdout.write(renderLag({ ...answer, partitions }, options.format))
    })

/** Exported for its test. */
export function renderLag(answer: LagAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  return [partitionsTable(answer), newestTable(answer)].filter(text => text !== '').join('\n')
}

function partitionsTable(answer: LagAnswer): string {
  if (answer.partitions.length === 0) return 'Nothing is pending.\n'
  const rows = answer.partitions.map(entry => [
    entry.group,
    entry.stream,
    String(entry.partition),
    entry.end,
    entry.committed,
    entry.pending,
    entry.oldest_pending_seconds === null ? '-' : ageText(entry.oldest_pending_seconds),
  ])
  return renderTable(
    ['processor', 'stream', 'partition', 'end', 'committed', 'pending', 'oldest pending'],
    rows,
  )
}

function newestTable({ newest }: LagAnswer): string {
  if (newest === null) return 'The tables do not answer: the age of their newest rows is unknown.\n'
  if (newest === undefined || newest.length === 0) return ''
  const rows = newest.map(({ stream, time, age_seconds: age }) => [
    stream,
    time ?? '-',
    age === null ? '-' : age < 0 ? 'ahead' : ageText(age),
  ])
  return renderTable(['stream', 'newest row', 'age'], rows)
}

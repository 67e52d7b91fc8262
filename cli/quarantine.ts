import { Command, InvalidArgumentError, Option } from 'commander'
import type {
  QuarantineAnswer,
  QuarantinedRecordAnswer,
  QuarantineReplay,
  ReplayAnswer,
} from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'

interface QuarantineOptions extends ClientOptions {
  readonly format: string
  readonly stream?: string
  readonly limit: string
  readonly force?: boolean
}

/** `wattline quarantine list|show|replay`. Reading needs scope read, replaying scope admin. */
export const quarantineCommand = (): Command =>
  new Command('quarantine')
    .description('List records that could not be processed, show one, or append it again')
    .addHelpText(
      'after',
      '\nA record is named by stream, partition and offset: traces/0/17.\n\nExamples:\n  wattline quarantine list\n  wattline quarantine show traces/0/17\n  wattline quarantine replay traces/0/17',
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(replayCommand())

const command = (name: string, description: string, examples: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read, or admin to replay (default: WATTLINE_TOKEN)')
    .addHelpText('after', `\nExamples:\n  ${examples.join('\n  ')}`)

const listCommand = (): Command =>
  command('list', 'List the quarantined records, newest first', [
    'wattline quarantine list',
    'wattline quarantine list --stream readings --limit 500',
    'wattline quarantine list --format json',
  ])
    .option('--stream <stream>', 'only records of this stream')
    .option('--limit <records>', 'maximum number of records', '50')
    .action(async (options: QuarantineOptions) => {
      const query = new URLSearchParams({ limit: options.limit })
      if (options.stream !== undefined) query.set('stream', options.stream)
      const answer = await ask<QuarantineAnswer>(options, `/api/v1/quarantine?${query}`, ['records'])
      write(options, answer, renderQuarantine)
    })

const showCommand = (): Command =>
  command('show', 'Show one record: its errors, its headers, and whether it was replayed', [
    'wattline quarantine show traces/0/17',
    'wattline quarantine show traces/0/17 --format json | jq -r .record | base64 -d > record.arrow.zst',
  ])
    .argument('<place>', 'stream/partition/offset', placePath)
    .action(async (path: string, options: QuarantineOptions) => {
      write(options, await ask<QuarantinedRecordAnswer>(options, path, ['stream', 'errors']), renderRecord)
    })

const replayCommand = (): Command =>
  command('replay', 'Append the record again, for the processors that quarantined it', [
    'wattline quarantine replay traces/0/17',
    'wattline quarantine replay traces/0/17 --force',
  ])
    .argument('<place>', 'stream/partition/offset', placePath)
    .option('--force', 'even if it was replayed already, or the log could not read it back completely')
    .action(async (path: string, options: QuarantineOptions) => {
      const query = options.force === true ? '?force=true' : ''
      const answer = await ask<ReplayAnswer>(options, `${path}/replay${query}`, ['from', 'to'], {})
      write(options, answer, renderReplay)
    })

function placePath(text: string): string {
  if (/^[\w.-]+\/\d+\/\d+$/.test(text)) return `/api/v1/quarantine/${text}`
  throw new InvalidArgumentError('Give stream/partition/offset, such as traces/0/17.')
}

function write<Answer>(options: QuarantineOptions, answer: Answer, render: (answer: Answer) => string): void {
  process.stdout.write(options.format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : render(answer))
}

/** Errors may be long; `show` prints them completely. */
const ERROR_COLUMNS = 80

/** Exported for its test, like the two below. */
export function renderQuarantine({ records, truncated }: QuarantineAnswer): string {
  if (records.length === 0) return 'The quarantine is empty.\n'
  const rows = records.map(record => [
    `${record.stream}/${record.partition}/${record.offset}`,
    timeText(record.made),
    record.processors.join(','),
    String(record.bytes),
    replayText(record.replay),
    record.code,
    record.error.length > ERROR_COLUMNS ? `${record.error.slice(0, ERROR_COLUMNS - 1)}…` : record.error,
  ])
  const table = renderTable(
    ['record', 'made (UTC)', 'quarantined by', 'bytes', 'replayed', 'code', 'error'],
    rows,
  )
  return truncated ? `${table}Only ${records.length} records are listed; --limit lists more.\n` : table
}

/** One record as lines of name and value; its bytes are only in the JSON format. */
export function renderRecord(record: QuarantinedRecordAnswer): string {
  const facts: readonly (readonly [string, string])[] = [
    ['record', `${record.stream}/${record.partition}/${record.offset}`],
    ['made (UTC)', timeText(record.made)],
    ['bytes', `${record.bytes}${record.damaged ? ', damaged: what was left of it' : ''}`],
    ['replayed', replayText(record.replay)],
    ...record.errors.map(
      ({ processor, code, error }) => [`error of ${processor}`, `${code}: ${error}`] as const,
    ),
    ...(record.key === null ? [] : [['key', record.key] as const]),
    ...Object.entries(record.headers).map(([name, value]) => [`header ${name}`, value] as const),
  ]
  return renderTable(['', ''], facts).trimStart()
}

/** One line with the old position, the new position and the processors that will read it. */
export const renderReplay = ({ from, to, processors }: ReplayAnswer): string =>
  `${from} was appended again as ${to}, for ${processors.join(', ')}.\n`

const timeText = (iso: string): string => iso.slice(0, 19).replace('T', ' ')

function replayText({ state, times, place }: QuarantineReplay): string {
  if (state === 'unknown') return 'unknown'
  if (state === 'none') return 'no'
  return times === 1 ? `as ${place}` : `${times} times, last as ${place}`
}

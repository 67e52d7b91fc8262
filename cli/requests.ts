import { Command, Option } from 'commander'
import type { PerUnit, RequestsAnswer, RequestsRow } from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'

interface RequestsOptions extends ClientOptions {
  readonly window: string
  readonly groupBy: string
  readonly filter: readonly string[]
  readonly format: string
  readonly limit: string
}

/** `wattline requests`, from `GET /api/v1/requests`. */
export const requestsCommand = (): Command =>
  new Command('requests')
    .description('Show what requests and GenAI tokens took: energy, carbon and cost by service or other keys')
    .option('--window <window>', '5m, 1h, 24h, 7d, today, yesterday, month, or FROM,TO', '1h')
    .option(
      '--group-by <keys>',
      'service, operation, kind, model, account, namespace, workload, host, match, trace',
      'service,operation',
    )
    .option(
      '--filter <pair>',
      'key:value; may be given several times',
      (pair: string, pairs: readonly string[]) => [...pairs, pair],
      [] as readonly string[],
    )
    .option('--limit <rows>', 'maximum number of rows', '50')
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline requests --window 24h\n  wattline requests --group-by model',
    )
    .action(async (options: RequestsOptions) => {
      const query = new URLSearchParams({
        window: options.window,
        group_by: options.groupBy,
        limit: options.limit,
      })
      for (const pair of options.filter) query.append('filter', pair)
      const answer = await ask<RequestsAnswer>(options, `/api/v1/requests?${query}`, [
        'rows',
        'total',
        'window',
      ])
      process.stdout.write(renderRequests(answer, options.format))
    })

/** Exported for its test. What is not known is shown as `?`. */
export function renderRequests(answer: RequestsAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  const { from, to } = answer.window
  if (answer.rows.length === 0) {
    return `${from} to ${to}: no requests have been shared.\nA minute is shared about two minutes after its end; spans must name the workload that they run in.\n`
  }
  const names = [...answer.group_by, 'requests', 'J', 'J/request', 'mg CO2e/request', 'J/1,000 tokens']
  const cells = (row: RequestsRow): string[] => [
    row.requests,
    scaled(row.energy_uj, 6),
    scaled(row.per_request?.energy_uj ?? null, 6),
    scaled(carbonOf(row.per_request), 3),
    scaled(row.per_1000_tokens?.energy_uj ?? null, 6),
  ]
  const rows = answer.rows.map(row => [...answer.group_by.map(name => row.group[name] ?? ''), ...cells(row)])
  const total = [...answer.group_by.map((_, index) => (index === 0 ? 'total' : '')), ...cells(answer.total)]
  const reasons = answer.total.reasons.length === 0 ? '' : `Not known: ${answer.total.reasons.join(', ')}.\n`
  return `${from} to ${to}\n${renderTable(names, [...rows, total])}${reasons}`
}

const carbonOf = (unit: PerUnit | null): string | null => unit?.sci_ug ?? unit?.carbon_operational_ug ?? null

/** An exact decimal of units 10^-`digits`, with three decimals, cut. */
function scaled(amount: string | null, digits: number): string {
  if (amount === null) return '?'
  const isNegative = amount.startsWith('-')
  const [whole = '0'] = amount.replace('-', '').split('.')
  const padded = whole.padStart(digits + 1, '0')
  return `${isNegative ? '-' : ''}${padded.slice(0, -digits)}.${padded.slice(-digits).slice(0, 3)}`
}

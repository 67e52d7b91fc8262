import { writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { ClosingAnswer, InvoiceAnswer, InvoiceLineAnswer, InvoicesAnswer } from '../core/api/answers.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { decimalText, divideHalfEven, parseDecimal } from '../core/model/decimal.ts'
import { address, ask, type ClientOptions, DEFAULT_URL, fetchBytes } from './client.ts'
import { renderTable } from './table.ts'

interface InvoiceOptions extends ClientOptions {
  readonly account?: string
  readonly currency?: string
  readonly period?: string
  readonly format: string
  readonly output?: string
}

const month = (text: string): string => {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text
  throw new InvalidArgumentError('Give a month such as 2026-11.')
}

const withClient = (command: Command, scope: string): Command =>
  command
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', `token with scope ${scope} (default: WATTLINE_TOKEN)`)

/** `wattline invoice`: a bill, the list of bills, and closing a period. */
export const invoiceCommand = (): Command =>
  withClient(new Command('invoice').enablePositionalOptions(), 'read')
    .description('Show the bill of an account; of an open period as it would be now')
    .option('--account <account>', 'account')
    .option('--currency <currency>', 'currency, where an account has bills in several')
    .option('--period <month>', 'billing period, such as 2026-11', month)
    .addOption(
      new Option('--format <format>', 'output format')
        .choices(['table', 'json', 'html', 'focus-csv', 'focus-parquet'])
        .default('table'),
    )
    .option('--output <file>', 'write to a file instead of standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline invoice --account shop --period 2026-11\n  wattline invoice list\n  wattline invoice close --period 2026-11\n  wattline invoice --period 2026-11 --format focus-csv --output focus.csv',
    )
    .action(async (options: InvoiceOptions) => write(options, await show(options)))
    .addCommand(listCommand())
    .addCommand(closeCommand())

const listCommand = (): Command =>
  withClient(new Command('list'), 'read')
    .description('List closed bills, or with --period the bills of a period, drafts included')
    .option('--account <account>', 'account')
    .option('--period <month>', 'billing period, such as 2026-11', month)
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--limit <bills>', 'maximum number of bills', '100')
    .action(async (options: InvoiceOptions & { readonly limit: string }) => {
      const answer = await invoicesOf(options, { limit: options.limit })
      process.stdout.write(renderInvoices(answer, options.format))
    })

const closeCommand = (): Command =>
  withClient(new Command('close'), 'admin')
    .description('Close a period: its bills are made, and never change again')
    .requiredOption('--period <month>', 'billing period, such as 2026-11', month)
    .action(async (options: InvoiceOptions) => {
      const { period = '' } = options
      const answer = await ask<ClosingAnswer>(options, '/api/v1/invoices', ['state', 'invoices'], { period })
      process.stdout.write(
        answer.state === 'closed'
          ? `${period} is closed: ${answer.invoices} bills.\n`
          : `${period} is being closed. \`wattline invoice list --period ${period}\` shows its bills.\n`,
      )
    })

function invoicesOf(
  options: Pick<InvoiceOptions, 'url' | 'account' | 'currency' | 'period'> & ClientOptions,
  more: Readonly<Record<string, string>>,
): Promise<InvoicesAnswer> {
  const query = new URLSearchParams(more)
  for (const name of ['account', 'currency', 'period'] as const) {
    const value = options[name]
    if (value !== undefined) query.set(name, value)
  }
  return ask<InvoicesAnswer>(options, `/api/v1/invoices?${query}`, ['invoices', 'truncated'])
}

async function show(options: InvoiceOptions): Promise<string | Uint8Array> {
  const { period, account, format } = options
  if (period === undefined) {
    throw new WattlineError('parameter_invalid', 'Give --period, such as 2026-11.')
  }
  if (format.startsWith('focus-')) {
    const query = new URLSearchParams({ period, format: format.slice('focus-'.length) })
    if (account !== undefined) query.set('account', account)
    return await fetchBytes(options, `/api/v1/focus?${query}`)
  }
  if (account === undefined) throw new WattlineError('parameter_invalid', 'Give --account.')
  const { invoices } = await invoicesOf(options, { lines: 'true' })
  const [first] = invoices
  if (first === undefined) {
    throw new WattlineError('not_found', `Account ${account} has no bill of ${period}: it used nothing.`)
  }
  if (format === 'json') return `${JSON.stringify(invoices.length === 1 ? first : invoices, null, 2)}\n`
  if (format === 'table') return invoices.map(renderInvoice).join('\n')
  if (invoices.length > 1) {
    const currencies = invoices.map(({ currency }) => currency).join(', ')
    throw new WattlineError(
      'parameter_invalid',
      `There are bills in ${currencies}: choose one with --currency.`,
    )
  }
  const query = new URLSearchParams({ format: 'html' })
  if (first.state === 'closed') return await fetchBytes(options, `/api/v1/invoices/${first.id}?${query}`)
  for (const [name, value] of Object.entries({ period, account, currency: first.currency }))
    query.set(name, value)
  return await fetchBytes(options, `/api/v1/invoices/draft?${query}`)
}

async function write({ output }: InvoiceOptions, content: string | Uint8Array): Promise<void> {
  if (output === undefined) process.stdout.write(content)
  else await writeFile(output, content)
}

/** Exported for its test. */
export function renderInvoices({ invoices, truncated }: InvoicesAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify({ invoices, truncated }, null, 2)}\n`
  if (invoices.length === 0) return 'There are no bills. `wattline invoice close` makes those of a period.\n'
  const rows = invoices.map(one => [
    one.number ?? 'draft',
    one.period,
    one.account,
    one.subtotal,
    one.tax,
    one.total,
    one.currency,
    one.id,
  ])
  const table = renderTable(
    ['number', 'period', 'account', 'subtotal', 'tax', 'total', 'currency', 'id'],
    rows,
  )
  return truncated ? `${table}Only ${invoices.length} bills are listed. --limit lists more.\n` : table
}

/** Exported for its test. */
export function renderInvoice(invoice: InvoiceAnswer): string {
  const { number, period, account_name: name, currency, lines = [] } = invoice
  const head = `${number === null ? `Draft of ${period}` : `Bill ${number} of ${period}`} for ${name}, ${invoice.period_start} to ${invoice.period_end}`
  const rows = lines.map(line => [
    `${line.line}`,
    line.description,
    shortened(line.quantity),
    line.unit ?? '',
    shortened(line.contracted_unit_price),
    line.billed_cost,
    carbonText(line),
  ])
  const sums = [
    ['subtotal', invoice.subtotal],
    ['tax', invoice.tax],
    ['total', invoice.total],
  ].map(([what = '', amount = '']) => ['', what, '', '', '', amount, ''])
  const names = ['line', 'description', 'quantity', 'unit', 'price', currency, 'g CO2e']
  return [head, renderTable(names, [...rows, ...sums]).trimEnd(), ...invoice.notes, ''].join('\n')
}

const SHOWN = 6

const carbonText = ({
  category,
  carbon_operational_ug: a,
  carbon_embodied_ug: b,
}: InvoiceLineAnswer): string =>
  category === 'Usage' ? decimalText({ mantissa: BigInt(a) + BigInt(b), scale: 6 }) : ''

/** Six decimals are enough for a terminal, unless nothing would be left. */
function shortened(value: string | null): string {
  if (value === null) return ''
  const { mantissa, scale } = parseDecimal(value)
  if (scale <= SHOWN) return value
  const short = divideHalfEven(mantissa, 10n ** BigInt(scale - SHOWN))
  return short === 0n ? value : decimalText({ mantissa: short, scale: SHOWN })
}

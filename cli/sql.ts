import { Command, Option } from 'commander'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable, toCsv } from './table.ts'

interface SqlAnswer {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly Readonly<Record<string, unknown>>[]
}

/** `wattline sql`, over `POST /api/v1/sql`: one SELECT, limited to the tenant of the token. */
export const sqlCommand = (): Command =>
  new Command('sql')
    .description('Run one SELECT over the tables of a running instance')
    .argument('<query>', 'one SELECT statement')
    .addOption(
      new Option('--format <format>', 'output format').choices(['table', 'json', 'csv']).default('table'),
    )
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline sql "SELECT ServiceName, count() FROM otel_traces GROUP BY ServiceName"\n  wattline sql "SELECT sum(toInt128(EnergyUj)) FROM ledger" --format json',
    )
    .action(async (query: string, options: ClientOptions & { format: string }) => {
      const answer = await ask<SqlAnswer>(options, '/api/v1/sql', ['meta', 'data'], { query })
      if (options.format === 'json') {
        process.stdout.write(`${JSON.stringify(answer.data, null, 2)}\n`)
        return
      }
      const names = answer.meta.map(({ name }) => name)
      const rows = answer.data.map(row => names.map(name => asText(row[name])))
      process.stdout.write(options.format === 'csv' ? toCsv(names, rows) : renderTable(names, rows))
    })

const asText = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value)

import { Command } from 'commander'
import type { UsageAnswer, UsageRow } from '../core/model/answers.ts'
import { ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable, toCsv } from './table.ts'
import { carbonText, energyText, moneyText } from './units.ts'

interface UsageOptions extends ClientOptions {
  readonly window: string
  readonly groupBy: string
  readonly filter?: string
  readonly step?: string
  readonly format: string
  readonly limit: string
}

export const usageCommand = (): Command =>
  new Command('usage')
    .description('Energy, carbon and cost by who used it, from the ledger')
    .option('--window <window>', '5m, 1h, 24h, 7d, today, yesterday, month, or FROM,TO', '24h')
    .option(
      '--group-by <keys>',
      'account, namespace, workload, kind, host, zone, component, share',
      'account,kind,workload,share',
    )
    .option('--filter <pairs>', 'key:value pairs, separated by commas')
    .option('--step <step>', 'one row a step, such as 1h')
    .option('--limit <rows>', 'most rows', '50')
    .option('--format <format>', 'table, json or csv', 'table')
    .option('--url <url>', 'address of the instance', DEFAULT_URL)
    .option('--token <token>', 'read token')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline usage --window 5m\n  wattline usage --window 24h --group-by account,namespace --format csv',
    )
    .action(async (options: UsageOptions) => {
      const query = new URLSearchParams({
        window: options.window,
        group_by: options.groupBy,
        limit: options.limit,
      })
      if (options.filter !== undefined) query.set('filter', options.filter)
      if (options.step !== undefined) query.set('step', options.step)
      const answer = (await (await ask(options, `/api/v1/usage?${query}`)).json()) as UsageAnswer
      process.stdout.write(render(answer, options.format))
    })

function render(answer: UsageAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  if (format === 'csv')
    return toCsv(
      [...answer.group_by, ...RAW_COLUMNS],
      answer.rows.map(row => rawCells(answer, row)),
    )
  const names = [
    ...answer.group_by,
    'energy',
    'CO2e',
    'embodied',
    'energy cost',
    'resources',
    'quality',
    'covered',
  ]
  const rows = answer.rows.map(row =>
    readableCells(
      answer,
      row,
      answer.group_by.map(key => row.group[key] || '-'),
    ),
  )
  const sum = readableCells(
    answer,
    answer.total,
    answer.group_by.map((_, i) => (i === 0 ? 'total' : '')),
  )
  const notes = answer.total.unpriced.reasons.map(reason => `  unpriced: ${reason}\n`).join('')
  return `${answer.window.from} to ${answer.window.to}\n${renderTable(names, [...rows, sum])}${notes}`
}

function readableCells(answer: UsageAnswer, row: UsageRow, group: readonly string[]): string[] {
  return [
    ...group,
    energyText(row.energy_uj),
    carbonText(row.carbon_operational_ug),
    carbonText(row.carbon_embodied_ug),
    moneyText(row.cost_energy_nano, answer.currency),
    moneyText(row.cost_resource_nano, answer.currency),
    qualityText(row.quality),
    `${(row.coverage * 100).toFixed(0)} %`,
  ]
}

function qualityText(quality: UsageRow['quality']): string {
  const present = Object.entries(quality).filter(([, share]) => share > 0)
  if (present.length === 1) return present[0]?.[0] ?? '-'
  return present.map(([name, share]) => `${name} ${(share * 100).toFixed(0)} %`).join(', ') || '-'
}

const RAW_COLUMNS = [
  'start',
  'energy_uj',
  'active_uj',
  'idle_uj',
  'unattributed_uj',
  'cpu_us',
  'carbon_operational_ug',
  'carbon_embodied_ug',
  'cost_energy_nano',
  'cost_resource_nano',
] as const

function rawCells(answer: UsageAnswer, row: UsageRow): string[] {
  return [...answer.group_by.map(key => row.group[key] ?? ''), ...RAW_COLUMNS.map(name => row[name] ?? '')]
}

import { Command, Option } from 'commander'
import type { UsageAnswer, UsageRow } from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { type Paint, paintFor, plain } from './screen.ts'
import { renderTable, toCsv } from './table.ts'
import { carbonUnit, energyUnit, moneyUnit, scaledAmount } from './units.ts'

interface UsageOptions extends ClientOptions {
  readonly window: string
  readonly groupBy: string
  readonly filter?: string
  readonly step?: string
  readonly shareIdle?: string
  readonly format: string
  readonly limit: string
}

/** `wattline usage`, from `GET /api/v1/usage`. CSV and JSON contain the exact integers, the table rounds them. */
export const usageCommand = (): Command =>
  new Command('usage')
    .description('Show energy, carbon and cost from the ledger, by account, workload or other keys')
    .option('--window <window>', '5m, 1h, 24h, 7d, today, yesterday, month, or FROM,TO', '24h')
    .option(
      '--group-by <keys>',
      'account, namespace, workload, kind, host, zone, component, share',
      'account,kind,workload,share',
    )
    .option('--filter <pairs>', 'key:value pairs, separated by commas')
    .option('--step <step>', 'one row for each step, such as 1h, 1d or month')
    .addOption(
      new Option('--share-idle <policy>', 'who takes idle energy (default: as the ledger has it)').choices([
        'booked',
        'none',
        'by_usage',
        'by_request',
      ]),
    )
    .option('--limit <rows>', 'maximum number of rows', '50')
    .addOption(
      new Option('--format <format>', 'output format').choices(['table', 'json', 'csv']).default('table'),
    )
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
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
      if (options.shareIdle !== undefined) query.set('share_idle', options.shareIdle)
      const answer = await ask<UsageAnswer>(options, `/api/v1/usage?${query}`, ['rows', 'total', 'window'])
      process.stdout.write(renderUsage(answer, options.format, paintFor(process.stdout, process.env)))
    })

/** Exported for its test. */
export function renderUsage(answer: UsageAnswer, format: string, paint: Paint = plain): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  if (format === 'csv') {
    const cells = answer.rows.map(row => rawCells(answer, row))
    return toCsv([...answer.group_by, ...RAW_COLUMNS], cells)
  }
  const span = `${timeText(answer.window.from)} to ${timeText(answer.window.to)} UTC`
  if (answer.rows.length === 0) {
    return `${span}: the books are empty.\nThe first minute closes about 90 seconds after the start, each later one about 30 seconds after it has ended.\n`
  }
  const columns = columnsOf(answer)
  const cells = (row: UsageRow): string[] => columns.map(column => column.text(row))
  const rows = answer.rows.map(row => [...groupCells(answer, row), ...cells(row)])
  const sum = [...sumCells(answer), ...cells(answer.total)]
  const names = [...groupNames(answer), ...columns.map(column => column.name)]
  const lines = renderTable(names, [...rows, ...currencySums(answer, columns), sum])
    .trimEnd()
    .split('\n')
  const table = lines.map((line, at) => (at === 0 || at === lines.length - 1 ? paint('bold', line) : line))
  const notes = notesOf(answer).map(note => paint('yellow', note))
  return `${[paint('dim', span), ...table, ...notes].join('\n')}\n`
}

interface UsageColumn {
  readonly name: string
  readonly text: (row: UsageRow) => string
  readonly isCost?: true
}

/** Each column has one unit. A column without values is omitted if it is not configured either. */
function columnsOf({ total, currency, costs }: UsageAnswer): readonly UsageColumn[] {
  const energy = energyUnit(total.energy_uj)
  const operational = carbonUnit(total.carbon_operational_ug)
  const embodied = carbonUnit(total.carbon_embodied_ug)
  // Of several currencies each row names its own.
  const cost = moneyUnit(leastOf(costs.map(one => one.cost_energy_nano)), currency ?? 'cost')
  const resource = moneyUnit(leastOf(costs.map(one => one.cost_resource_nano)), currency ?? 'cost')
  const columns: readonly (UsageColumn & { readonly absent?: boolean })[] = [
    { name: `energy ${energy.unit}`, text: row => scaledAmount(row.energy_uj, energy) },
    {
      name: `± ${energy.unit}`,
      text: row => scaledAmount(row.energy_error_uj, energy),
      absent: total.energy_error_uj === null,
    },
    { name: `${operational.unit} CO2e`, text: row => scaledAmount(row.carbon_operational_ug, operational) },
    {
      name: `embodied ${embodied.unit}`,
      text: row => scaledAmount(row.carbon_embodied_ug, embodied),
      absent: total.carbon_embodied_ug === null,
    },
    { name: `energy ${cost.unit}`, text: row => scaledAmount(row.cost_energy_nano, cost), isCost: true },
    {
      name: `resources ${resource.unit}`,
      text: row => scaledAmount(row.cost_resource_nano, resource),
      isCost: true,
      absent: costs.every(one => one.cost_resource_nano === null),
    },
    {
      name: 'GPU h',
      text: row => gpuHours(row.gpu_us),
      absent: total.gpu_us === '0' && total.gpu_reserved_idle_us === '0',
    },
    {
      name: 'GPU h unused',
      text: row => gpuHours(row.gpu_reserved_idle_us),
      absent: total.gpu_reserved_idle_us === '0',
    },
    { name: 'quality', text: row => qualityText(row.quality) },
    { name: 'covered', text: row => `${(row.coverage * 100).toFixed(0)} %` },
  ]
  return columns.filter(column => column.absent !== true)
}

/** The smallest in size, which decides the decimals of a column. */
function leastOf(amounts: readonly (string | null)[]): string | null {
  const size = (amount: string): bigint => (amount.startsWith('-') ? -BigInt(amount) : BigInt(amount))
  const known = amounts.filter(amount => amount !== null && amount !== '0')
  return known.reduce<string | null>(
    (least, amount) => (least === null || size(amount!) < size(least) ? amount : least),
    null,
  )
}

/** Where there are several currencies, what each comes to. */
function currencySums(answer: UsageAnswer, columns: readonly UsageColumn[]): readonly string[][] {
  if (answer.currency !== null) return []
  return answer.costs.map(cost => {
    const names = groupNames(answer).map((_, i) => (i === 0 ? `total ${cost.currency}` : ''))
    const row = { ...answer.total, ...cost }
    return [...names, ...columns.map(column => (column.isCost === true ? column.text(row) : ''))]
  })
}

const hasSteps = (answer: UsageAnswer): boolean =>
  answer.step_seconds !== null || answer.calendar_step !== null

const groupNames = (answer: UsageAnswer): readonly string[] => [
  ...(hasSteps(answer) ? ['start'] : []),
  ...answer.group_by,
]

const groupCells = (answer: UsageAnswer, row: UsageRow): readonly string[] => [
  ...(hasSteps(answer) ? [timeText(row.start ?? '')] : []),
  ...answer.group_by.map(key => row.group[key] || '-'),
]

const sumCells = (answer: UsageAnswer): readonly string[] =>
  groupNames(answer).map((_, i) => (i === 0 ? 'total' : ''))

/** `2026-11-21 12:31`: windows begin and end with a minute. */
const timeText = (iso: string): string => iso.slice(0, 16).replace('T', ' ')

/** What the sums leave out, because it is unknown, not zero. */
function notesOf(answer: UsageAnswer): readonly string[] {
  const { unpriced } = answer.total
  const reasons = unpriced.reasons.length === 0 ? '' : ` (${unpriced.reasons.join(', ')})`
  const without = (microJoules: string, what: string): readonly string[] => {
    if (microJoules === '0') return []
    const unit = energyUnit(microJoules)
    return [`${scaledAmount(microJoules, unit)} ${unit.unit} without ${what}${reasons}`]
  }
  return [
    ...(answer.truncated
      ? [`Only ${answer.rows.length} rows are listed; the total covers all. --limit lists more.`]
      : []),
    ...(answer.total.quality.simulated > 0
      ? [
          `${(answer.total.quality.simulated * 100).toFixed(1)} % of the energy is simulated: it was not measured, and nobody owes it.`,
        ]
      : []),
    ...without(unpriced.carbon_uj, 'a carbon factor'),
    ...without(unpriced.cost_uj, 'a price'),
    ...amountNote(answer.total.unknown_error_uj, 'by meters whose error band is not known'),
    ...amountNote(
      answer.total.over_busy_uj,
      'divided where workloads showed more CPU time than the host was busy',
    ),
  ]
}

function amountNote(microJoules: string, what: string): readonly string[] {
  if (microJoules === '0') return []
  const unit = energyUnit(microJoules)
  return [`${scaledAmount(microJoules, unit)} ${unit.unit} ${what}`]
}

/** Hours, to thousandths. */
const gpuHours = (us: string): string => (Number(BigInt(us) / 3_600_000n) / 1000).toFixed(3)

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
  'gpu_us',
  'gpu_reserved_idle_us',
  'carbon_operational_ug',
  'carbon_embodied_ug',
  'cost_energy_nano',
  'cost_resource_nano',
  'energy_error_uj',
  'unknown_error_uj',
  'over_busy_uj',
] as const

function rawCells(answer: UsageAnswer, row: UsageRow): string[] {
  return [...answer.group_by.map(key => row.group[key] ?? ''), ...RAW_COLUMNS.map(name => row[name] ?? '')]
}

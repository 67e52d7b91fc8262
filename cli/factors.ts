import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Command, Option } from 'commander'
import type { FactorRowsAnswer, FactorSeriesAnswer, FactorsPutAnswer } from '../core/api/factor-files.ts'
import type { EmbodiedAnswer } from '../core/api/factors.ts'
import type { TariffsAnswer } from '../core/api/tariffs.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { sentFactorFile } from '../core/factors/files/factor-file.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { embodiedFile, priceListFile } from './exported-factors.ts'
import { renderTable, toCsv } from './table.ts'

/** `wattline factors put|list|export`. Reading needs scope read, putting scope admin. */
export const factorsCommand = (): Command =>
  new Command('factors')
    .description('Put intensities and prices in force from files, list them, and export them')
    .addHelpText(
      'after',
      '\ndocs/factors.md describes the files.\n\nExamples:\n  wattline factors put intensities.csv\n  wattline factors list\n  wattline factors export --zone SE-SE3 --window 2026-11-01,2026-12-01 > november.csv',
    )
    .addCommand(putCommand())
    .addCommand(listCommand())
    .addCommand(exportCommand())

const command = (name: string, description: string, examples: readonly string[]): Command =>
  new Command(name)
    .description(description)
    .exitOverride()
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read, or admin to put (default: WATTLINE_TOKEN)')
    .addHelpText('after', `\nExamples:\n  ${examples.join('\n  ')}`)

const putCommand = (): Command =>
  command('put', 'Put the intensities, spot prices and price lists of a file in force: all of them or none', [
    'wattline factors put intensities.csv',
    'wattline factors put prices.yaml --url https://wattline.example.org',
    'wattline factors put --dry-run intensities.csv',
  ])
    .argument('<file>', 'CSV or YAML')
    .option('--dry-run', 'check the file only; no instance is asked')
    .action(async (path: string, options: ClientOptions & { readonly dryRun?: boolean }) => {
      const [name, text] = [basename(path), read(path)]
      // Problems of a file need no instance.
      const found = sentFactorFile(name, text)
      if (options.dryRun === true) {
        process.stdout.write(`${name} is good: ${counted(countsOf(found))}.\n`)
        return
      }
      const answer = await ask<FactorsPutAnswer>(options, '/api/v1/factors/files', ['records_changed'], {
        name,
        text,
      })
      const changes =
        answer.records_changed === 0
          ? 'all of it was in force already'
          : `${answer.records_changed} record(s) changed`
      process.stdout.write(`${name}: ${counted(answer)}; ${changes}.\n`)
    })

const listCommand = (): Command =>
  command('list', 'List the series of values that are in force, beside those of the configuration', [
    'wattline factors list',
    'wattline factors list --format json',
  ])
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .action(async (options: ClientOptions & { readonly format: string }) => {
      const answer = await ask<FactorSeriesAnswer>(options, '/api/v1/factors', ['series'])
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : renderSeries(answer),
      )
    })

interface FactorExportOptions extends ClientOptions {
  readonly what: string
  readonly zone?: string
  readonly window: string
}

const exportCommand = (): Command =>
  command(
    'export',
    'Write what is in force as a file that `put` takes: values as CSV, price lists and embodied emissions as YAML',
    [
      'wattline factors export --window 7d > week.csv',
      'wattline factors export --what spot --zone DE-LU --window 2026-01-01,2027-01-01 > prices.csv',
      'wattline factors export --what prices > lists.yaml',
    ],
  )
    .addOption(
      new Option('--what <what>', 'values by time, price lists, or embodied emissions of hosts')
        .choices(['intensity', 'spot', 'pue', 'prices', 'embodied'])
        .default('intensity'),
    )
    .option('--zone <zone>', 'values of this zone, or of the site of this name, only')
    .option('--window <window>', 'of values: 24h, 7d, today, month, or FROM,TO', '24h')
    .action(async (options: FactorExportOptions) => {
      if (options.what === 'prices' || options.what === 'embodied') {
        process.stdout.write(await exportedFile(options.what, options))
        return
      }
      const query = new URLSearchParams({ what: options.what, window: options.window })
      if (options.zone !== undefined) query.set('zone', options.zone)
      const answer = await ask<FactorRowsAnswer>(options, `/api/v1/factors/rows?${query}`, [
        'columns',
        'rows',
      ])
      process.stdout.write(toCsv(answer.columns, answer.rows))
    })

/** Lists and types have no window: they hold until somebody puts others. */
async function exportedFile(what: 'prices' | 'embodied', options: FactorExportOptions): Promise<string> {
  if (what === 'prices') return priceListFile(await ask<TariffsAnswer>(options, '/api/v1/tariffs', ['lists']))
  const answer = await ask<EmbodiedAnswer>(options, '/api/v1/factors/embodied', ['host_types'])
  try {
    return embodiedFile(answer)
  } catch (cause) {
    throw new WattlineError('forbidden', (cause as Error).message, { cause })
  }
}

/** Exported for its test. */
export function renderSeries({ series }: FactorSeriesAnswer): string {
  if (series.length === 0) {
    return 'No values are set. The yearly averages and the configuration apply.\n'
  }
  const rows = series.map(one => [
    one.what,
    one.zone,
    one.of,
    one.from,
    one.to,
    `${one.values}`,
    one.sources.join('; '),
  ])
  return renderTable(['what', 'zone or site', 'kind or currency', 'from', 'to', 'values', 'sources'], rows)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new WattlineError('parameter_invalid', `${path} cannot be read: ${(cause as Error).message}.`, {
      cause,
    })
  }
}

type Counts = Omit<FactorsPutAnswer, 'records_changed'>

const countsOf = (found: ReturnType<typeof sentFactorFile>): Counts => ({
  intensities: found.intensities.length,
  spot_prices: found.spotPrices.length,
  price_lists: found.priceLists.length,
  pue: found.pue.length,
  embodied: found.embodied.length,
})

const NAMES: Readonly<Record<keyof Counts, string>> = {
  intensities: 'intensities',
  spot_prices: 'spot prices',
  price_lists: 'price lists',
  pue: 'PUE values',
  embodied: 'types of hosts',
}

function counted(counts: Counts): string {
  const parts = Object.entries(NAMES).flatMap(([key, name]) => {
    const count = counts[key as keyof Counts]
    return count > 0 ? [`${count} ${name}`] : []
  })
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

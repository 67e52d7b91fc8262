import { Command, Option } from 'commander'
import type { BestWindowAnswer, PlannedWindow } from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'
import { fixedDecimals } from './units.ts'

interface WhenOptions extends ClientOptions {
  readonly duration: string
  readonly power: string
  readonly deadline?: string
  readonly notBefore?: string
  readonly zone?: string
  readonly objective: string
  readonly carbonPrice?: string
  readonly account?: string
  readonly kind: string
  readonly format: string
}

/** `wattline when`: the best start of a job. */
export const whenCommand = (): Command =>
  new Command('when')
    .description('Find the best time, and zone, to run a job: by carbon, by cost, or by both')
    .exitOverride()
    .requiredOption('--duration <duration>', 'how long the job runs, such as 90m or 2h')
    .option('--power <power>', 'what it draws, such as 300W or 1.5kW', '1kW')
    .option('--deadline <time>', 'when it must be done: a time, or a duration from now (default: 24h)')
    .option('--not-before <time>', 'when it may start: a time, or a duration from now (default: now)')
    .option('--zone <zones>', 'grid zones where it can run, with commas (default: that of the instance)')
    .addOption(
      new Option('--objective <objective>', 'what counts')
        .choices(['carbon', 'cost', 'both'])
        .default('carbon'),
    )
    .option('--carbon-price <price>', 'money per tonne of CO2e, for objective both')
    .option('--account <account>', 'account whose prices count')
    .addOption(
      new Option('--kind <kind>', 'kind of intensity')
        .choices(['average', 'marginal', 'market'])
        .default('average'),
    )
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      `
Examples:
  wattline when --duration 2h --power 300W --deadline 12h
  wattline when --duration 90m --zone DE,FR,SE-SE3 --deadline 2026-12-01T06:00:00Z
  wattline when --duration 1h --objective both --carbon-price 80 --format json | jq -r .best.start`,
    )
    .action(async (options: WhenOptions) => {
      const answer = await ask<BestWindowAnswer>(
        options,
        `/api/v1/intensity/best-window?${queryOf(options)}`,
        ['best'],
      )
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : rendered(answer),
      )
    })

function queryOf(options: WhenOptions): URLSearchParams {
  const query = new URLSearchParams({
    duration: options.duration,
    power: options.power,
    objective: options.objective,
    kind: options.kind,
  })
  const more = {
    deadline: options.deadline,
    not_before: options.notBefore,
    zone: options.zone,
    carbon_price: options.carbonPrice,
    account: options.account,
  }
  for (const [name, value] of Object.entries(more)) if (value !== undefined) query.set(name, value)
  return query
}

function rendered({ best, now, saved, zones, unknown, currency, kind }: BestWindowAnswer): string {
  const money = (cost: number | null): string =>
    cost === null ? 'unknown' : `${fixedDecimals(cost, 4)} ${currency ?? ''}`
  const row = (what: string, window: PlannedWindow): readonly string[] => [
    what,
    window.zone,
    window.start.replace('.000Z', 'Z'),
    `${fixedDecimals(window.carbon_g, 1)} g`,
    `${fixedDecimals(window.mean_g_per_kwh, 1)}`,
    money(window.cost),
    window.basis.join(', '),
  ]
  const rows = [
    row('best', best),
    row('now', now),
    ...zones.slice(1).map(zone => row(`best in ${zone.zone}`, zone.best)),
    ...zones.slice(0, 1).map(zone => row(`worst in ${zone.zone}`, zone.worst)),
  ]
  const table = renderTable(['', 'zone', 'start', 'CO2e', `g/kWh (${kind})`, 'cost', 'basis'], rows)
  const gain = `${gainOf(best, now, saved, money)}\n`
  const missing = unknown.length === 0 ? '' : `Not enough is known of: ${unknown.join(', ')}.\n`
  return `${table}${gain}${missing}`
}

/** What the best window saves, and by what: another start, another zone, or both. */
export function gainOf(
  best: Pick<PlannedWindow, 'start' | 'zone'>,
  now: Pick<PlannedWindow, 'start' | 'zone'>,
  saved: BestWindowAnswer['saved'],
  money: (cost: number) => string,
): string {
  const [waits, moves] = [best.start !== now.start, best.zone !== now.zone]
  if (!waits && !moves) return 'No later start is better than now.'
  const how = [...(waits ? ['waiting'] : []), ...(moves ? [`running in ${best.zone}`] : [])].join(' and ')
  const amounts = [
    { amount: saved.carbon_g, text: (grams: number) => `${fixedDecimals(grams, 1)} gCO2e` },
    ...(saved.cost === null ? [] : [{ amount: saved.cost, text: money }]),
  ]
  const part = (verb: string, sign: number): readonly string[] => {
    const some = amounts.filter(({ amount }) => Math.sign(amount) === sign)
    return some.length === 0
      ? []
      : [`${verb} ${some.map(({ amount, text }) => text(Math.abs(amount))).join(' and ')}`]
  }
  const parts = [...part('saves', 1), ...part('adds', -1)]
  return `${how.slice(0, 1).toUpperCase()}${how.slice(1)} ${parts.join(' and ') || 'saves nothing'}.`
}

import { Argument, Command, Option } from 'commander'
import type {
  ScalingDecisionAnswer,
  ScalingDecisionsAnswer,
  ScalingEffectAnswer,
  ScalingNumber,
  ScalingNumbers,
} from '../core/api/answers.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'
import { fixedDecimals } from './units.ts'

interface ScalingOptions extends ClientOptions {
  readonly format: string
}

interface ExplainOptions extends ScalingOptions {
  readonly at?: string
}

/** `wattline scaling list` and `wattline scaling explain NAME`. */
export const scalingCommand = (): Command =>
  new Command('scaling')
    .description('How many replicas scaling policies want, and why')
    .exitOverride()
    .addCommand(listCommand())
    .addCommand(explainCommand())

const listCommand = (): Command =>
  withClientOptions(new Command('list').description('The number of every policy of the tenant'))
    .addHelpText('after', '\nExamples:\n  wattline scaling list\n  wattline scaling list --format json')
    .action(async (options: ScalingOptions) => {
      const answer = await ask<ScalingNumbers>(options, '/api/v1/scaling', ['policies'])
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : listed(answer.policies),
      )
    })

const explainCommand = (): Command =>
  withClientOptions(
    new Command('explain')
      .description('Why a policy wants this number, and what it led to')
      .addArgument(new Argument('<name>', 'name of the policy'))
      .option('--at <time>', 'explain the decision that was in force then (default: the newest)'),
  )
    .addHelpText(
      'after',
      `
The figures are those that the decision was made by; docs/scaling-policies.md shows how they become a number.

Examples:
  wattline scaling explain checkout
  wattline scaling explain checkout --at 2026-12-01T06:00:00Z
  wattline scaling explain checkout --format json | jq .inputs`,
    )
    .action(async (name: string, options: ExplainOptions) => {
      const query = new URLSearchParams({ limit: '1' })
      // One second later: the decision of that very second was in force.
      if (options.at !== undefined) query.set('before', new Date(timeOf(options.at) + 1000).toISOString())
      const path = `/api/v1/scaling/${encodeURIComponent(name)}/decisions?${query}`
      const { decisions } = await ask<ScalingDecisionsAnswer>(options, path, ['decisions'])
      const [decision] = decisions
      if (decision === undefined) {
        throw new WattlineError('not_found', `No decision is known of a scaling policy ${name}.`)
      }
      process.stdout.write(
        options.format === 'json' ? `${JSON.stringify(decision, null, 2)}\n` : explained(name, decision),
      )
    })

const withClientOptions = (command: Command): Command =>
  command
    .exitOverride()
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')

function timeOf(text: string): number {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  throw new WattlineError('parameter_invalid', `--at=${text} is not a time such as 2026-11-30T12:00:00Z.`)
}

function listed(policies: readonly ScalingNumber[]): string {
  if (policies.length === 0) return 'No scaling policy has been decided yet. See docs/scaling-policies.md.\n'
  const rows = policies.map(one => [
    one.name,
    String(one.replicas),
    one.ruled_by,
    one.demand === null ? 'unknown' : fixedDecimals(one.demand, 2),
    one.demand_replicas === null ? '' : String(one.demand_replicas),
    one.decided_at,
    one.stale === null ? '' : one.stale.reason,
  ])
  return renderTable(['policy', 'replicas', 'ruled by', 'demand', 'asks for', 'decided', 'stale'], rows)
}

function explained(name: string, decision: ScalingDecisionAnswer): string {
  const [first = '', ...reasons] = decision.explanation
  const versions = [
    `policy ${decision.policy_version}`,
    ...(decision.intensity_version === '' ? [] : [`intensity ${decision.intensity_version}`]),
    ...(decision.tariff_version === '' ? [] : [`tariff ${decision.tariff_version}`]),
  ]
  return [
    `${name} at ${decision.time}: ${first}`,
    ...reasons.map(reason => `  ${reason}`),
    `  By ${versions.join(', ')}. Decision ${decision.id}.`,
    `  ${effectText(decision.effect)}`,
    '',
  ].join('\n')
}

function effectText(effect: ScalingEffectAnswer | null): string {
  if (effect === null)
    return 'Its effect is not measured yet: the ledger closes a minute about 90 seconds after it. (Only policies with `replica.workloads` have one.)'
  const { from, to, replicas, watts, carbon_g: grams, cost, currency } = effect
  if (replicas === null || watts === null)
    return `The ledger has nothing of its workloads from ${from} to ${to}.`
  const carbon = grams === null ? 'unpriced carbon' : `${fixedDecimals(grams, 3)} gCO2e`
  const money = cost === null ? 'unpriced cost' : `${fixedDecimals(cost, 6)} ${currency}`
  return `Effect from ${from} to ${to}: ${fixedDecimals(replicas, 1)} replicas took ${fixedDecimals(watts, 1)} W; ${carbon}, ${money}.`
}

import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { RecomputeAnswer } from '../core/api/recompute.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'

interface RecomputeOptions extends ClientOptions {
  readonly window?: readonly [from: string, to: string]
  readonly tenant?: string
  readonly host?: string
  readonly apply?: boolean
  readonly rates?: boolean
  readonly format: 'table' | 'json'
  readonly cancel?: string
}

const POLL_MS = 500
const MEMBERS = ['id', 'state', 'differences'] as const

/** `wattline recompute`. Exits 1 if the books differ from the readings, unless the differences are booked. */
export const recomputeCommand = (): Command =>
  new Command('recompute')
    .description('Compute a range of the ledger again from its readings, and show or book the differences')
    .option('--window <from,to>', 'range (UTC), such as 2026-11-01,2026-11-02T12:00Z', windowOf)
    .option('--host <host>', 'only this host (its id)')
    .option('--tenant <tenant>', 'only this tenant')
    .option('--rates', 'leave energy as it is booked; compare only who pays, and at what price')
    .option('--apply', 'book the differences as corrections')
    .option('--cancel <id>', 'end a recomputation that is running; what is booked stays booked')
    .addOption(new Option('--format <format>', 'output').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the running process', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope admin of the tenant that runs it (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      `
Late readings are booked without this command. Minutes whose readings are older than retention.signals_days stay as they are
booked. With --apply the running process goes on after a restart, also without this command.

Examples:
  wattline recompute --window 2026-11-01,2026-11-02
  wattline recompute --window 2026-11-01T12:00Z,2026-11-01T13:00Z --host node-1 --apply`,
    )
    .action(async (options: RecomputeOptions, command: Command) => {
      if (options.cancel !== undefined) {
        const { id, state } = await cancelled(options, options.cancel)
        return void process.stdout.write(`Recomputation ${id} is ${state}.\n`)
      }
      const { window } = options
      if (window === undefined)
        return command.error("error: option '--window <from,to>' is missing", { exitCode: 2 })
      const done = await followed(options, await begun(options, window))
      process.stdout.write(options.format === 'json' ? `${JSON.stringify(done, null, 2)}\n` : rendered(done))
      if (done.state === 'failed') {
        throw new WattlineError('recompute_differs', `Recomputation ${done.id} failed: ${done.problem}`)
      }
      if (done.apply || done.entries === 0) return
      throw new WattlineError(
        'recompute_differs',
        `The ledger differs from its readings by ${done.entries} entries.`,
      )
    })

function windowOf(text: string): readonly [string, string] {
  const [from, to, ...more] = text.split(',').map(part => part.trim())
  if (from && to && more.length === 0) return [from, to]
  throw new InvalidArgumentError('Give two times with a comma, such as 2026-11-01,2026-11-02T12:00Z.')
}

function begun(options: RecomputeOptions, [from, to]: readonly [string, string]): Promise<RecomputeAnswer> {
  const { tenant, host, apply = false, rates = false } = options
  const only = { ...(tenant === undefined ? {} : { tenant }), ...(host === undefined ? {} : { host }) }
  return ask<RecomputeAnswer>(options, '/api/v1/recompute', MEMBERS, { from, to, apply, rates, ...only })
}

const cancelled = (options: RecomputeOptions, id: string): Promise<RecomputeAnswer> =>
  ask<RecomputeAnswer>(options, `/api/v1/recompute/${encodeURIComponent(id)}/cancel`, MEMBERS, {})

/** Until it is over; how far it is goes to stderr. */
async function followed(options: RecomputeOptions, first: RecomputeAnswer): Promise<RecomputeAnswer> {
  let said = ''
  for (let answer = first; ; await delay(POLL_MS)) {
    const { hosts_done: hosts, at, entries } = answer
    const line = `${hosts} hosts done${at === null ? '' : `, at ${at}`}, ${entries} differences`
    if (line !== said) process.stderr.write(`recompute ${first.id}: ${line}\n`)
    said = line
    if (answer.state !== 'running') return answer
    answer = await ask<RecomputeAnswer>(options, `/api/v1/recompute/${first.id}`, MEMBERS)
  }
}

/** Exported for its test. */
export function rendered(answer: RecomputeAnswer): string {
  const { differences, entries, apply, from, to, state, truncated, again_at: againAt } = answer
  const range = `${from} to ${to}`
  const again =
    againAt === null
      ? ''
      : `The last minutes are recent. Names that hosts.separate gives back their readings are complete there if you run it again after ${againAt}.\n`
  if (entries === 0) return `The ledger from ${range} is what its readings give.\n${again}`
  const rows = differences.map(one => [
    one.tenant,
    one.host,
    one.account,
    one.component,
    one.reason,
    String(one.entries),
    one.energy_uj,
    one.carbon_operational_ug,
    one.carbon_embodied_ug,
    one.cost_energy_nano,
    one.cost_resource_nano,
    one.currency,
  ])
  const head = [
    'tenant',
    'host',
    'account',
    'component',
    'reason',
    'entries',
    'energy µJ',
    'carbon µg',
    'embodied µg',
  ]
  const what = apply ? 'were booked' : 'are lacking'
  return [
    renderTable([...head, 'energy cost 1e-9', 'resource cost 1e-9', 'currency'], rows),
    truncated ? 'There are more groups than these.\n' : '',
    `${entries} entries from ${range} ${what}${state === 'cancelled' ? '; the recomputation was cancelled' : ''}.\n`,
    again,
  ].join('')
}

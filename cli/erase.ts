import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import type { ErasureAnswer } from '../core/api/answers.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'

interface EraseOptions extends ClientOptions {
  readonly tenant?: string
  readonly before?: string
  readonly dropUnreadable?: boolean
  readonly list?: boolean
  readonly wait: boolean
}

const POLL_MS = 500

/**
 * `wattline erase`. Waits until the erasure is done; exits 1 while unreadable records may still hold the tenant's rows.
 */
export const eraseCommand = (): Command =>
  new Command('erase')
    .description('Delete the data of a tenant from all tables, the log and the state of the meter')
    .option('--tenant <tenant>', 'tenant whose data is deleted')
    .option('--before <date>', 'only data from before this date (UTC), such as 2026-11-01')
    .option(
      '--drop-unreadable',
      'also drop quarantined records that cannot be read, whichever tenant they belong to',
    )
    .option('--no-wait', 'return at once; `wattline erase --list` shows the progress')
    .option('--list', 'list erasures, without starting one')
    .option('--url <url>', 'address of the running process', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope admin of the tenant that runs it (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      `
Remove the tenant's tokens first: while the tenant may send, only --before is accepted. After a restart the process continues
an erasure. Backups are not changed: remove older ones with \`wattline backup TO --keep N\`. Files that \`exports.to\` names are
erased, too; those in folders that it named before, and copies of files, are not known and must be deleted by hand.

Examples:
  wattline erase --tenant shop
  wattline erase --tenant shop --before 2026-01-01
  wattline erase --list`,
    )
    .action(async (options: EraseOptions, command: Command) => {
      if (options.list === true) return void process.stdout.write(renderErasures(await listed(options)))
      if (options.tenant === undefined)
        return command.error("error: option '--tenant <tenant>' is missing", { exitCode: 2 })
      const answer = await begun(options, options.tenant)
      if (!options.wait) return void process.stdout.write(`Erasure ${answer.id} has begun.\n`)
      const done = await followed(options, answer)
      process.stdout.write(renderErasure(done, options.tenant))
      if (isProven(done)) return
      throw new WattlineError(
        'record_corrupt',
        `${done.left.unreadable} quarantined records cannot be read, so their tenant is unknown. Examine them with \`wattline quarantine\`, or erase again with --drop-unreadable.`,
      )
    })

const MEMBERS = ['id', 'step', 'doing', 'erased', 'left'] as const

const listed = (options: EraseOptions): Promise<readonly ErasureAnswer[]> =>
  ask<readonly ErasureAnswer[]>(options, '/api/v1/erasures', ['length'])

async function begun(options: EraseOptions, tenant: string): Promise<ErasureAnswer> {
  const body = {
    tenant,
    ...(options.before === undefined ? {} : { before: options.before }),
    ...(options.dropUnreadable === true ? { drop_unreadable: true } : {}),
  }
  return await ask<ErasureAnswer>(options, '/api/v1/erasures', MEMBERS, body)
}

/** Until it is done; reports each step once. */
async function followed(options: EraseOptions, first: ErasureAnswer): Promise<ErasureAnswer> {
  let said = ''
  for (let answer = first; ; await delay(POLL_MS)) {
    const line = [answer.step, answer.problem ?? answer.doing].filter(text => text !== '').join(': ')
    if (line !== said) process.stderr.write(`erase: ${line}\n`)
    said = line
    if (answer.step === 'done') return answer
    answer = await ask<ErasureAnswer>(options, `/api/v1/erasures/${first.id}`, MEMBERS)
  }
}

const isProven = ({ left }: ErasureAnswer): boolean => Object.values(left).every(count => count === 0)

function renderErasure(
  { id, erased, left, before, log_expires: logExpires }: ErasureAnswer,
  tenant: string,
): string {
  const rows = Object.entries(erased).map(([table, count]) => [table, String(count), '0'])
  const what = `tenant ${tenant}${before === null ? '' : ` before ${before}`}`
  return [
    rows.length === 0
      ? `Nothing of ${what} was stored.\n`
      : renderTable(['table', 'rows erased', 'rows left'], rows),
    `Erasure ${id} of ${what} is done: ${left.rows} rows, ${left.log_records} records of the log and ${left.old_parts} old files are left.\n`,
    ...(logExpires === null ? [] : [`The log keeps some of its records until ${logExpires}.\n`]),
    'Earlier backups still contain the data.\n',
  ].join('')
}

function renderErasures(erasures: readonly ErasureAnswer[]): string {
  if (erasures.length === 0) return 'There are no erasures.\n'
  const rows = erasures.map(({ id, tenant, tenant_sha256: digest, before, step, erased, problem }) => [
    id,
    tenant ?? `sha256 ${digest.slice(0, 12)}`,
    before ?? 'all',
    problem ?? step,
    String(Object.values(erased).reduce((sum, count) => sum + count, 0)),
  ])
  return renderTable(['erasure', 'tenant', 'before', 'state', 'rows erased'], rows)
}

import { Command } from 'commander'
import { loadConfig } from '../core/runtime/config/load.ts'
import { collectorProcesses } from '../core/runtime/config/processes.ts'
import { ROLES, type Role } from '../core/runtime/config/roles.ts'
import { createLogger, EventBus } from '../core/runtime/events.ts'
import { relaxHeap } from '../core/runtime/heap.ts'
import type { RunningWattline } from '../main.ts'
import { endOnDefect } from './end-on-defect.ts'
import { withRoles } from './roles.ts'
import { startAgain } from './start-again.ts'
import { version } from './version.ts'

/** For one Ctrl-C the terminal, npm and the parent each send a signal: so soon after the first it is still the same one. */
const SAME_STOP_MS = 1_000
/** Beyond the drain, for what is told at the end. */
const LAST_WORDS_MS = 900

export const runCommand = (): Command =>
  new Command('run')
    .description('Start collector, processors and query in this process; SIGTERM drains and exits 0')
    .option('--config <file>', 'configuration file (default: wattline.yaml when it is there)')
    .option('--roles <roles>', `some of ${ROLES.join(',')}; the rest runs elsewhere (default: all)`)
    .addHelpText(
      'after',
      '\nExamples:\n  wattline run\n  wattline run --config wattline.yaml\n  wattline run --config cluster.yaml --roles collector\n  WATTLINE_DATA=/var/lib/wattline WATTLINE_FACTORS_ZONE=DE wattline run',
    )
    .action(async (options: { config?: string; roles?: string }) => {
      const config = loadConfig(options.config, withRoles(process.env, options.roles))
      relaxHeap(config.broker.kind)
      const graceMs = config.shutdown_grace * 1000
      // Before anything is started: a stop while starting is carried out once started.
      const asked = stopAsked(graceMs)
      const events = new EventBus(createLogger(config.log.level))
      endOnDefect(events)
      const engine = { onBrokenDown: (error: unknown) => startAgain(events, error) }
      // Only here: engines and web server take most of a second to load, and every other command does without them.
      const running =
        collectorProcesses(config) > 1
          ? await (await import('../supervise.ts')).superviseWattline({ config, version, events })
          : await (await import('../main.ts')).startWattline({ config, version, events, engine })
      process.stdout.write(`${greeting(config.roles, running.addresses)}\n`)
      await asked
      const left = await running.stop(graceMs)
      for (const line of left) process.stderr.write(incomplete(line))
      process.exit(left.length === 0 ? 0 : 1)
    })

const incomplete = (what: string): string =>
  `shutdown_incomplete: ${what}. What was acknowledged is in the log: the next start goes on with it.\n`

/**
 * Resolves at the first SIGTERM or SIGINT; the process ends soon after the grace, whatever hangs. A signal that comes
 * later than the first one's echoes means it: the process ends at once.
 */
function stopAsked(graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let askedAtMs: number | null = null
  const end = (why: string): void => {
    process.stderr.write(incomplete(why))
    process.exit(1)
  }
  const ask = (): void => {
    if (askedAtMs === null) {
      askedAtMs = performance.now()
      setTimeout(() => end('the process did not end in time'), graceMs + LAST_WORDS_MS).unref()
      resolve()
    } else if (performance.now() - askedAtMs > SAME_STOP_MS) end('it was asked to stop once more')
  }
  process.on('SIGTERM', ask).on('SIGINT', ask)
  return promise
}

function greeting(
  roles: readonly Role[],
  { http, otlpHttp, otlpGrpc }: RunningWattline['addresses'],
): string {
  const isWhole = ROLES.every(role => roles.includes(role))
  const lines = [isWhole ? 'Wattline is running.' : `Wattline is running: ${roles.join(', ')}.`]
  if (http !== null) {
    const what = roles.includes('query') ? 'page and API  ' : 'health        '
    lines.push(`  ${what} ${http}/${roles.includes('query') ? '' : 'readyz'}`)
  }
  if (otlpHttp !== null) lines.push(`  OTLP over HTTP ${otlpHttp}/v1/{traces,metrics,logs}`)
  if (otlpGrpc !== null) lines.push(`  OTLP over gRPC ${otlpGrpc}`)
  const soon = 'The first minute of usage closes in about 90 seconds; the page is live at once. '
  lines.push(`  ${isWhole ? soon : ''}Stop with Ctrl-C.`)
  return lines.join('\n')
}

import { Command } from 'commander'
import { loadConfig } from '../core/runtime/config/load.ts'
import { createLogger, EventBus } from '../core/runtime/events.ts'
import { version } from './version.ts'

/** Time that a drain may take before the process ends anyway. */
const DRAIN_MS = 9_000

export const runCommand = (): Command =>
  new Command('run')
    .description('Start collector, processors and query in this process; SIGTERM drains and exits 0')
    .option('--config <file>', 'configuration file (default: wattline.yaml when it is there)')
    .addHelpText(
      'after',
      '\nExamples:\n  wattline run\n  wattline run --config wattline.yaml\n  WATTLINE_DATA=/var/lib/wattline WATTLINE_FACTORS_ZONE=DE wattline run',
    )
    .action(async (options: { config?: string }) => {
      // From the first moment on: a stop while starting is carried out once started.
      const asked = stopAsked()
      const config = loadConfig(options.config, process.env)
      const events = new EventBus(createLogger(config.log.level))
      endOnDefect(events)
      // Only here: engines and web server take most of a second to load, and every other command does without them.
      const { startWattline } = await import('../main.ts')
      const running = await startWattline({ config, version, events })
      process.stdout.write(`${greeting(running.addresses)}\n`)
      await asked
      const left = await running.stop(DRAIN_MS)
      for (const line of left) process.stderr.write(incomplete(line))
      process.exit(left.length === 0 ? 0 : 1)
    })

const incomplete = (what: string): string =>
  `shutdown_incomplete: ${what}. What was acknowledged is in the log: the next start goes on with it.\n`

/**
 * Resolves at the first SIGTERM or SIGINT; the process ends soon after that, whatever hangs. Further signals change
 * nothing: for one Ctrl-C the terminal, npm and the parent each send one, and the second must not cut off the drain.
 */
function stopAsked(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isAsked = false
  const ask = (): void => {
    if (isAsked) return
    isAsked = true
    const end = (): void => {
      process.stderr.write(incomplete('the process did not end in time'))
      process.exit(1)
    }
    setTimeout(end, DRAIN_MS + 900).unref()
    resolve()
  }
  process.on('SIGTERM', ask).on('SIGINT', ask)
  return promise
}

/** What nobody caught is a defect of ours. The state of the process is unknown, the log's is not: end, and start anew. */
function endOnDefect(events: EventBus): void {
  const end = (kind: string, error: unknown): void => {
    events.emit('processFailed', { kind }, error)
    process.exit(1)
  }
  process.on('uncaughtException', error => end('uncaughtException', error))
  process.on('unhandledRejection', reason => end('unhandledRejection', reason))
}

function greeting(addresses: { readonly http: string | null; readonly otlpHttp: string | null }): string {
  const lines = ['Wattline is running.']
  if (addresses.http !== null) lines.push(`  page and API   ${addresses.http}/`)
  if (addresses.otlpHttp !== null)
    lines.push(`  OTLP over HTTP ${addresses.otlpHttp}/v1/{traces,metrics,logs}`)
  lines.push(
    '  The first minute of usage closes in about 90 seconds; the page is live at once. Stop with Ctrl-C.',
  )
  return lines.join('\n')
}

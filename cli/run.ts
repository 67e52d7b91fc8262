import { Command } from 'commander'
import { loadConfig } from '../core/runtime/config/load.ts'
import { startWattline } from '../main.ts'
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
      const running = await startWattline({ config: loadConfig(options.config, process.env), version })
      process.stdout.write(`${greeting(running.addresses)}\n`)
      const left = await new Promise<readonly string[]>(resolve => {
        let stopping = false
        // Not once: a Ctrl-C comes twice, from the terminal and from the door before this process, and the second one
        // would end it in the middle of the drain.
        const stop = () => {
          if (stopping) return
          stopping = true
          resolve(running.stop(DRAIN_MS))
        }
        process.on('SIGTERM', stop)
        process.on('SIGINT', stop)
      })
      for (const name of left) process.stderr.write(`shutdown_incomplete: ${name} did not end in time.\n`)
      process.exit(left.length === 0 ? 0 : 1)
    })

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

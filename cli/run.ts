import { Command } from 'commander'
import { ROLES, type Role } from '../core/catalogue/config/keys/process.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { collectorProcesses } from '../core/catalogue/config/processes.ts'
import { EventBus } from '../core/catalogue/events/event-bus.ts'
import { createLogger } from '../core/catalogue/events/logger.ts'
import { endHard, endProcess } from '../core/runtime/end-process.ts'
import { relaxHeap } from '../core/runtime/heap.ts'
import type { RunningWattline, WattlineOptions } from '../main.ts'
import { endOnDefect } from './end-on-defect.ts'
import { serveWithoutOutput } from './output.ts'
import { withRoles } from './roles.ts'
import { startAgain } from './start-again.ts'
import { awaitStop, incomplete } from './stop-asked.ts'
import { version } from './version.ts'

/** `wattline run`. Exits 0 after a complete drain, 1 when some part did not finish in `shutdown_grace`. */
export const runCommand = (): Command =>
  new Command('run')
    .description('Start collector, processors and query in this process; SIGTERM drains and exits 0')
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .option('--roles <roles>', `one or more of ${ROLES.join(',')}; the others run elsewhere (default: all)`)
    .addHelpText(
      'after',
      '\nExamples:\n  wattline run\n  wattline run --config wattline.yaml\n  wattline run --config cluster.yaml --roles collector\n  WATTLINE_DATA=/var/lib/wattline WATTLINE_FACTORS_ZONE=DE wattline run',
    )
    .action(async (options: { config?: string; roles?: string }) => {
      const config = loadConfig(options.config, withRoles(process.env, options.roles))
      relaxHeap(config.broker.kind)
      const graceMs = config.shutdown_grace * 1000
      serveWithoutOutput()
      // Before anything is started: a stop signal during the start ends the start.
      const stop = awaitStop(graceMs)
      const events = new EventBus(createLogger(config.log.level))
      endOnDefect(events)
      const running = await start({ config, version, events, signal: stop.signal }).catch(
        (error: unknown) => {
          if (stop.signal.aborted) endProcess(0)
          throw error
        },
      )
      process.stdout.write(`${greeting(config.roles, running.addresses)}\n`)
      await stop.asked
      const left = await running.stop(graceMs, stop.stopping)
      for (const line of left) process.stderr.write(incomplete(line))
      if (left.length > 0) endHard(1)
      endProcess(0)
    })

/** Imported only here: engines and web server take most of a second to load, and no other command needs them. */
async function start(options: WattlineOptions & { readonly signal: AbortSignal }): Promise<RunningWattline> {
  if (collectorProcesses(options.config) > 1) {
    const { superviseWattline } = await import('../supervise.ts')
    return await superviseWattline(options)
  }
  const { startWattline } = await import('../main.ts')
  const { events, signal } = options
  const engine = {
    onBrokenDown: (error: unknown) => startAgain(events, signal, 'engineBrokeDown', error),
    onTablesBack: () => startAgain(events, signal, 'tablesBack'),
  }
  return await startWattline({ ...options, engine })
}

function greeting(
  roles: readonly Role[],
  { http, clickhouse, otlpHttp, otlpGrpc, keda, kubernetes, jaeger }: RunningWattline['addresses'],
): string {
  const isWhole = ROLES.every(role => roles.includes(role))
  const lines = [isWhole ? 'Wattline is running.' : `Wattline is running: ${roles.join(', ')}.`]
  if (http !== null) {
    const what = roles.includes('query') ? 'page and API  ' : 'health        '
    lines.push(`  ${what} ${http}/${roles.includes('query') ? '' : 'readyz'}`)
  }
  if (clickhouse !== null) lines.push(`  ClickHouse     ${clickhouse}`)
  if (otlpHttp !== null) lines.push(`  OTLP over HTTP ${otlpHttp}/v1/{traces,metrics,logs}`)
  if (otlpGrpc !== null) lines.push(`  OTLP over gRPC ${otlpGrpc}`)
  if (keda !== null) lines.push(`  KEDA over gRPC ${keda}`)
  if (jaeger !== null) lines.push(`  Jaeger storage ${jaeger}`)
  if (kubernetes !== null) lines.push(`  metrics API    ${kubernetes}/apis`)
  const soon = 'The first minute of usage closes in about 90 seconds; the page is live at once. '
  lines.push(`  ${isWhole ? soon : ''}Stop with Ctrl-C.`)
  return lines.join('\n')
}

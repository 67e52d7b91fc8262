import { setTimeout as pause } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { type Simulation, type SimulationOptions, simulate } from '../simulate/run.ts'
import { type BooksVerdict, isGood, type Select, verifyBooks } from '../simulate/verify.ts'
import { address, ask, type ClientOptions, checkAddress, clientToken, DEFAULT_URL } from './client.ts'
import { positive, share, time, whole, zeroOrMore } from './option-values.ts'
import { asJson, asText, simulationProgressLine } from './simulate-report.ts'

const DEFAULT_OTLP_URL = process.env['WATTLINE_OTLP_URL'] || 'http://127.0.0.1:4318'
/** Interval between two queries of ledger and late readings while windows close. */
const ASK_AGAIN_MS = 1_000

interface SimulateOptions extends ClientOptions {
  readonly hosts: number
  readonly workloads: number
  readonly minutes: number
  readonly interval: number
  readonly seed: number
  readonly from?: number
  readonly realtime?: boolean
  readonly spansPerSecond: number
  readonly spansPerRequest: number
  readonly hostsPerRequest: number
  readonly gpus: number
  readonly churn: number
  readonly silent: number
  readonly reboots: number
  readonly late: number
  readonly duplicates: number
  readonly otlpUrl: string
  readonly gzip?: boolean
  readonly concurrency: number
  readonly giveUp: number
  readonly verify?: boolean
  readonly verifyTimeout: number
  readonly format: string
  readonly plan?: string
}

const EXAMPLES = `
Examples:
  wattline simulate --hosts 20 --workloads 30 --minutes 10 --verify
  wattline simulate --hosts 1000 --workloads 30 --minutes 5 --realtime --gzip
  wattline simulate --hosts 50 --workloads 10 --spans-per-second 20000 --minutes 2
  wattline simulate --hosts 10 --workloads 5 --minutes 60 --silent 0.2 --reboots 0.2 --late 0.05 --duplicates 0.05 --verify
  wattline simulate --plan hosts=100000,workloads=30,interval=5,spans=10e6

Everything it sends is marked as simulated: resources have wattline.source=simulated, readings and ledger entries have
quality "simulated". Its energy is in the books all the same: use a separate instance or tenant. --plan sends nothing:
docs/scaling.md explains how it calculates.`

/** `wattline simulate`. Exits 1 when items were rejected or, with `--verify`, when the books differ from the meters. */
export const simulateCommand = (): Command =>
  withConnection(withFleet(new Command('simulate')))
    .description('Send the data of a simulated fleet, and check that the books match it')
    .option('--plan <sizes>', 'send nothing: calculate what a fleet needs, such as hosts=100000,spans=10e6')
    .addHelpText('after', EXAMPLES)
    .action(async (options: SimulateOptions) => {
      if (options.plan !== undefined) {
        const { planText } = await import('../simulate/plan/command.ts')
        process.stdout.write(planText(options.plan, options.format))
        return
      }
      checkAddress(options.otlpUrl, 'WATTLINE_OTLP_URL')
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      const line = simulationProgressLine(process.stderr)
      const run = await simulate(runOptions(options, stop.signal), line.show).catch((error: unknown) => {
        line.end()
        if (stop.signal.aborted) process.exit(130)
        throw error
      })
      line.end()
      const verdict = options.verify === true ? await awaitBooks(options, run) : null
      process.stdout.write(options.format === 'json' ? asJson(run, verdict) : asText(run, verdict))
      if (run.report.rejected > 0 || (verdict !== null && !isGood(verdict))) process.exitCode = 1
    })

function withFleet(command: Command): Command {
  return command
    .option('--hosts <count>', 'hosts', whole(1), 10)
    .option('--workloads <count>', 'containers on each host', whole(0), 20)
    .option('--minutes <minutes>', 'time to simulate, ending now', positive, 5)
    .option('--interval <seconds>', 'seconds between two samples of a host', positive, 5)
    .option('--seed <number>', 'the same number gives the same fleet', whole(0), 1)
    .option('--from <time>', 'time of the first sample, such as 2026-11-20T12:00:00Z', time)
    .option('--realtime', 'at real speed, starting now, one request per host; otherwise as fast as accepted')
    .option('--spans-per-second <count>', 'spans of the whole fleet, in whole requests', zeroOrMore, 0)
    .option('--spans-per-request <count>', 'spans in each request', whole(8), 1000)
    .option(
      '--hosts-per-request <count>',
      'hosts whose samples share a request; 0: as many as fit',
      whole(0),
      0,
    )
    .option('--gpus <share>', 'share of hosts with four GPU boards', share, 0)
    .option('--churn <share>', 'share of containers replaced each hour', share, 0.1)
    .option('--silent <share>', 'share of hosts that fall silent for 3 to 10 minutes', share, 0)
    .option('--reboots <share>', 'share of hosts that restart, counters from 0', share, 0)
    .option('--late <share>', 'share of samples that arrive 150 s late', share, 0)
    .option('--duplicates <share>', 'share of requests sent twice', share, 0)
}

function withConnection(command: Command): Command {
  return command
    .option('--otlp-url <url>', 'OTLP/HTTP receiver to send to', address, DEFAULT_OTLP_URL)
    .option('--gzip', 'compress requests')
    .option('--concurrency <count>', 'concurrent requests', whole(1), 8)
    .option('--give-up <seconds>', 'give up when a request is not accepted for this long', positive, 60)
    .option('--verify', 'afterwards check that the books of the instance match the meters')
    .option(
      '--verify-timeout <seconds>',
      'how long to wait until the last minutes are in the books',
      positive,
      180,
    )
    .option('--url <url>', 'address of the instance, for --verify', address, DEFAULT_URL)
    .option('--token <token>', 'token to send with, and to read with (default: WATTLINE_TOKEN)')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
}

function runOptions(options: SimulateOptions, signal: AbortSignal): SimulationOptions {
  const intervalMs = Math.round(options.interval * 1000)
  const token = clientToken(options)
  const isRealtime = options.realtime === true
  // Whole seconds, so that a fleet has one name. Early enough that even the last sample is not in the future.
  const pastMs = Date.now() - options.minutes * 60_000 - 150_000
  const fromMs = options.from ?? Math.floor((isRealtime ? Date.now() : pastMs) / 1000) * 1000
  return {
    ...options,
    ...(token === undefined ? {} : { token }),
    url: options.otlpUrl,
    fromMs,
    intervalMs,
    isRealtime,
    gzip: options.gzip === true,
    giveUpMs: options.giveUp * 1000,
    signal,
  }
}

/** Queries until the books are right, or the time is up: windows close some time after their last sample. */
async function awaitBooks(
  options: SimulateOptions,
  { report, meteredUj }: Simulation,
): Promise<BooksVerdict> {
  const select: Select = async query => {
    const { data } = await ask<{ readonly data: Awaited<ReturnType<Select>> }>(
      options,
      '/api/v1/sql',
      ['data'],
      { query },
    )
    return data
  }
  const expected = {
    hostPrefix: report.host_prefix,
    run: report.run,
    meteredUj,
    spansAcknowledged: report.spans_acknowledged,
  }
  const deadline = Date.now() + options.verifyTimeout * 1000
  for (;;) {
    const verdict = await verifyBooks(expected, select)
    if (isGood(verdict) || Date.now() > deadline) return verdict
    await pause(ASK_AGAIN_MS)
  }
}

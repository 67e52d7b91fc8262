import { setTimeout as pause } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type Progress, type Simulation, type SimulationOptions, simulate } from '../simulate/run.ts'
import { type BooksVerdict, isGood, type Select, verify } from '../simulate/verify.ts'
import { address, ask, type ClientOptions, checkAddress, DEFAULT_URL, tokenOf } from './client.ts'
import { renderTable } from './table.ts'
import { amountText, energyUnit, fixed } from './units.ts'

const DEFAULT_OTLP_URL = process.env['WATTLINE_OTLP_URL'] || 'http://127.0.0.1:4318'
/** Ledger and late readings are asked again so often while windows close. */
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
    .description('Send what a fleet of hosts would send, and check that the books contain it')
    .option('--plan <sizes>', 'send nothing: work out what a fleet needs, such as hosts=100000,spans=10e6')
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
      const line = progressLine(process.stderr)
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
    .option(
      '--realtime',
      'in step with the clock, starting now, one request for each host; otherwise as fast as accepted',
    )
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
    .option('--late <share>', 'share of samples that come 150 s late', share, 0)
    .option('--duplicates <share>', 'share of requests sent twice', share, 0)
}

function withConnection(command: Command): Command {
  return command
    .option('--otlp-url <url>', 'OTLP/HTTP receiver to send to', address, DEFAULT_OTLP_URL)
    .option('--gzip', 'compress requests')
    .option('--concurrency <count>', 'concurrent requests', whole(1), 8)
    .option('--give-up <seconds>', 'give up when a request is not accepted for this long', positive, 60)
    .option('--verify', 'afterwards ask the instance whether the books hold what the meters counted')
    .option(
      '--verify-timeout <seconds>',
      'how long to wait for the last minutes to be in the books',
      positive,
      180,
    )
    .option('--url <url>', 'address of the instance, for --verify', address, DEFAULT_URL)
    .option('--token <token>', 'token to send with, and to read with (default: WATTLINE_TOKEN)')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
}

function runOptions(options: SimulateOptions, signal: AbortSignal): SimulationOptions {
  const intervalMs = Math.round(options.interval * 1000)
  const token = tokenOf(options)
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

/** Asks until the books are right, or the time is over: windows close some time after their last sample. */
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
    const verdict = await verify(expected, select)
    if (isGood(verdict) || Date.now() > deadline) return verdict
    await pause(ASK_AGAIN_MS)
  }
}

function asJson({ report }: Simulation, verdict: BooksVerdict | null): string {
  const plain = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value
  return `${JSON.stringify({ ...report, verdict }, plain, 2)}\n`
}

function asText({ report }: Simulation, verdict: BooksVerdict | null): string {
  const count = (value: number): string => value.toLocaleString('en')
  const wall = fixed(report.seconds, 1)
  const lines = [
    `Fleet ${report.run} (seed ${report.seed}): ${count(report.hosts)} hosts, ${count(report.workloads)} containers each, ${report.from} to ${report.to}.`,
    `Acknowledged: ${count(report.points_acknowledged)} points and ${count(report.spans_acknowledged)} spans in ${count(report.requests)} requests, ${wall} s, ${count(report.items_per_second)} a second.`,
    `Making and sending them took ${fixed(report.generator_cpu_seconds, 1)} CPU s.`,
    `Repeated when asked to: ${count(report.retries)}; sent twice on purpose: ${count(report.requests_sent_twice)}; bytes of bodies: ${count(report.body_bytes)}.`,
  ]
  if (report.rejected > 0) lines.push(`REJECTED: ${count(report.rejected)} items. ${report.rejected_why}`)
  if (verdict !== null) lines.push(...verdictLines(verdict))
  return `${lines.join('\n')}\n`
}

const MOST_DIFFERENCES = 20

function verdictLines(verdict: BooksVerdict): readonly string[] {
  const metered = verdict.meteredUj.toString()
  const unit = energyUnit(metered)
  const amount = `${amountText(metered, { ...unit, decimals: 3 })} ${unit.unit}`
  const spans =
    verdict.spansAcknowledged === 0
      ? []
      : [`Spans: ${verdict.spansAcknowledged} acknowledged, ${verdict.spansStored} stored.`]
  if (verdict.differences.length === 0) {
    const late = verdict.lateUj === 0n ? '' : `, of it ${verdict.lateUj} µJ late`
    return [
      ...spans,
      `The books hold what the meters counted, on each of ${verdict.hosts} hosts: ${verdict.meteredUj} µJ (${amount})${late}.`,
    ]
  }
  const rows = verdict.differences
    .slice(0, MOST_DIFFERENCES)
    .map(({ host, meteredUj, ledgerUj, lateUj, unmarked }) => [
      host,
      String(meteredUj),
      String(ledgerUj),
      String(lateUj),
      String(ledgerUj + lateUj - meteredUj),
      String(unmarked),
    ])
  return [
    ...spans,
    `THE BOOKS ARE WRONG on ${verdict.differences.length} of ${verdict.hosts} hosts:`,
    renderTable(
      ['host', 'metered µJ', 'ledger µJ', 'late µJ', 'difference µJ', 'entries not marked'],
      rows,
    ).trimEnd(),
  ]
}

/** One line over itself on a terminal; elsewhere one line every ten seconds. */
function progressLine(output: NodeJS.WriteStream): {
  readonly show: (progress: Progress) => void
  readonly end: () => void
} {
  const isTerminal = output.isTTY === true
  const everySeconds = isTerminal ? 0.2 : 10
  let last = 0
  return {
    show: progress => {
      if (progress.seconds - last < everySeconds) return
      last = progress.seconds
      const rate = Math.round((progress.points + progress.spans) / progress.seconds)
      const text = `${fixed(progress.share * 100, 1)} %, ${progress.points} points, ${progress.spans} spans, ${rate} a second`
      output.write(isTerminal ? `\r\u001b[2K${text}` : `${text}\n`)
    },
    end: () => {
      if (isTerminal && last > 0) output.write('\r\u001b[2K')
    },
  }
}

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > 1e9) {
      throw new InvalidArgumentError(
        `Give a whole number of at least ${least}, such as ${Math.max(least, 10)}.`,
      )
    }
    return value
  }

function zeroOrMore(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('Give a number, 0 or more.')
  }
  return value
}

function positive(text: string): number {
  const value = zeroOrMore(text)
  if (value <= 0) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

function share(text: string): number {
  const value = zeroOrMore(text)
  if (value > 1) throw new InvalidArgumentError('Give a share from 0 to 1, such as 0.05.')
  return value
}

function time(text: string): number {
  const value = Date.parse(text)
  if (Number.isNaN(value)) throw new InvalidArgumentError('Give a time such as 2026-11-20T12:00:00Z.')
  return value
}

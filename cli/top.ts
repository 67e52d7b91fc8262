import { Command, InvalidArgumentError } from 'commander'
import type { LiveAnswer, LiveSeries } from '../core/api/answers.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { sleep } from '../core/runtime/backoff.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { outputClosed } from './output.ts'
import { openScreen, type Paint, paintFor, plain, type Screen } from './screen.ts'
import { renderTable } from './table.ts'
import { fixedDecimals, wattsText } from './units.ts'

/** People do not read a terminal more often, and no sensor is slower than an hour. */
const INTERVAL_SECONDS = { least: 1, most: 3_600 }
/** Readings older than this are no longer "now". */
const STALE_MS = 60_000
/** Simulated values look as alarming as missing ones. */
const QUALITY_LOOK = { measured: 'green', estimated: 'yellow', simulated: 'red', none: 'yellow' } as const

interface TopOptions extends ClientOptions {
  readonly host?: string
  readonly interval: number
  readonly once?: boolean
}

/** `wattline top`: the last two minutes of `GET /api/v1/live`, redrawn at each interval. */
export const topCommand = (): Command =>
  new Command('top')
    .description('Show live watts, gCO2e/h and cost/h of a host by workload; Ctrl-C ends it')
    .option('--host <host>', 'host to show, if several send data')
    .option('--interval <seconds>', 'seconds between two views', seconds, 5)
    .option('--once', 'print one view and exit')
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')
    .addHelpText('after', '\nExamples:\n  wattline top\n  wattline top --once\n  wattline top --interval 2')
    .action(async (options: TopOptions) => {
      const paint = paintFor(process.stdout, process.env)
      // Waits for the first answer before it changes the screen, so that a wrong address gives a plain error.
      const first = await readLive(options)
      if (options.once === true) process.stdout.write(renderLive(first, Date.now(), paint))
      else await watch(options, first, paint)
    })

function seconds(text: string): number {
  const value = Number(text)
  if (value >= INTERVAL_SECONDS.least && value <= INTERVAL_SECONDS.most) return value
  throw new InvalidArgumentError(
    `Give seconds from ${INTERVAL_SECONDS.least} to ${INTERVAL_SECONDS.most}, such as 5.`,
  )
}

async function readLive(options: TopOptions): Promise<LiveAnswer> {
  const host = options.host === undefined ? '' : `&host=${encodeURIComponent(options.host)}`
  return await ask<LiveAnswer>(options, `/api/v1/live?minutes=2${host}`, ['series', 'times_ms'])
}

/**
 * Draws until Ctrl-C. If the server becomes unreachable, the last view stays, with a line that says so, until it
 * returns.
 */
async function watch(options: TopOptions, first: LiveAnswer, paint: Paint): Promise<void> {
  const stop = new AbortController()
  const end = (): void => stop.abort()
  // Not `once`: one Ctrl-C arrives twice, from the terminal and from the launcher (cli/wattline.cjs).
  process.on('SIGINT', end).on('SIGTERM', end)
  outputClosed.addEventListener('abort', end)
  const screen: Screen = openScreen(process.stdout)
  let last = first
  let trouble = ''
  const draw = (): void => screen.show(`${trouble}${renderLive(last, Date.now(), paint)}`)
  process.stdout.on('resize', draw)
  try {
    while (!stop.signal.aborted) {
      draw()
      await sleep(options.interval * 1000, stop.signal)
      if (stop.signal.aborted) break
      try {
        last = await readLive({ ...options, signal: stop.signal })
        trouble = ''
      } catch (error) {
        trouble = `${paint('red', troubleText(error))}\n`
      }
    }
  } finally {
    process.stdout.off('resize', draw)
    screen.close()
  }
}

const troubleText = (error: unknown): string =>
  `${error instanceof WattlineError ? error.message : String(error)} Trying again; the values below are the last known ones.`

/** One screen: the newest interval that a meter covers. Exported for its test. */
export function renderLive(answer: LiveAnswer, nowMs: number, paint: Paint = plain): string {
  const index = lastSeen(answer)
  if (index < 0) {
    return 'No power reading yet: the first interval ends about 10 seconds after the start. If there is none, the log says\nwhich sensor failed and why; see `sensors` in wattline.yaml.\n'
  }
  const entries = answer.series
    .map(series => ({
      series,
      milliwatts: series.milliwatts[index] ?? 0,
      cpus: series.cpus_used[index] ?? null,
    }))
    .toSorted((a, b) => b.milliwatts - a.milliwatts)
  const total = entries.reduce((sum, { milliwatts }) => sum + milliwatts, 0)
  const drawing = entries.filter(({ milliwatts }) => milliwatts > 0)
  const rows = drawing.map(({ series, milliwatts, cpus }) => [
    nameOf(series),
    series.workload_kind || series.share,
    wattsText(milliwatts),
    `${fixedDecimals((milliwatts / total) * 100, 1)} %`,
    cpus === null ? '-' : fixedDecimals(cpus, 2),
    carbonRate(answer, milliwatts),
    costRate(answer, milliwatts),
  ])
  rows.push(['total', '', wattsText(total), '', '', carbonRate(answer, total), costRate(answer, total)])
  const names = ['workload', 'kind', 'power', 'share', 'CPUs', 'gCO2e/h', `${answer.currency}/h`]
  const [heading, ...lines] = renderTable(names, rows).trimEnd().split('\n')
  const table = [
    paint('bold', heading!),
    ...lines.map((line, at) => {
      if (at === drawing.length) return paint('bold', line)
      return drawing[at]!.series.share === 'active' ? line : paint('dim', line)
    }),
  ]
  const quiet = entries.length - drawing.length
  if (quiet > 0) table.push(paint('dim', `${quiet} more drew nothing in this interval`))
  return `${[...headLines(answer, total, nowMs - answer.times_ms[index]!, paint), '', ...table].join('\n')}\n`
}

/** The host's power, its quality, and the factors of the numbers. */
function headLines(answer: LiveAnswer, total: number, ageMs: number, paint: Paint): readonly string[] {
  const band = answer.error_band === null ? '' : ` ±${(answer.error_band * 100).toFixed(0)} %`
  const quality = paint(QUALITY_LOOK[answer.energy_quality], `${answer.energy_quality}${band}`)
  const boundary = answer.boundary === 'host' ? 'whole machine' : 'CPU and memory only'
  const late = ageMs > STALE_MS ? paint('red', `, last reading ${Math.round(ageMs / 60_000)} min ago`) : ''
  const grid =
    answer.intensity_g_per_kwh === null
      ? `no intensity is known for zone ${answer.zone}: set factors.zone`
      : `${answer.zone} ${answer.intensity_kind} ${answer.intensity_g_per_kwh} gCO2e/kWh${answer.zone === 'WORLD' ? ' (set factors.zone)' : ''}`
  const price =
    answer.price_per_kwh === null
      ? 'no price: set tariffs.price_per_kwh'
      : `${answer.price_per_kwh} ${answer.currency}/kWh`
  return [
    `${paint('bold', `${answer.host_name || answer.host}  ${wattsText(total)}`)} ${quality} (${boundary}, ${answer.energy_source})${late}`,
    paint('dim', `${grid}, PUE ${answer.pue}, ${price}`),
  ]
}

function lastSeen(answer: LiveAnswer): number {
  for (let i = answer.times_ms.length - 1; i >= 0; i--) {
    if (answer.series.some(({ milliwatts }) => milliwatts[i] !== null && milliwatts[i] !== undefined))
      return i
  }
  return -1
}

const nameOf = (series: LiveSeries): string =>
  series.share === 'active' ? series.workload_name || series.workload_id : series.share

const kilowattHoursPerHour = (milliwatts: number, pue: string): number => (milliwatts / 1e6) * Number(pue)

function carbonRate(answer: LiveAnswer, milliwatts: number): string {
  if (answer.intensity_g_per_kwh === null) return '-'
  return fixedDecimals(kilowattHoursPerHour(milliwatts, answer.pue) * Number(answer.intensity_g_per_kwh), 3)
}

function costRate(answer: LiveAnswer, milliwatts: number): string {
  if (answer.price_per_kwh === null) return '-'
  return fixedDecimals(kilowattHoursPerHour(milliwatts, answer.pue) * Number(answer.price_per_kwh), 6)
}

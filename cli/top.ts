import { Command } from 'commander'
import type { LiveAnswer, LiveSeries } from '../core/model/answers.ts'
import { sleep } from '../core/runtime/backoff.ts'
import { ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'
import { wattsText } from './units.ts'

export const topCommand = (): Command =>
  new Command('top')
    .description('Live watts, gCO2e/h and cost/h by workload of a host')
    .option('--host <host>', 'which host, when several send')
    .option('--interval <seconds>', 'seconds between two views', '5')
    .option('--once', 'print one view and end')
    .option('--url <url>', 'address of the instance', DEFAULT_URL)
    .option('--token <token>', 'read token')
    .addHelpText('after', '\nExamples:\n  wattline top\n  wattline top --once')
    .action(async (options: ClientOptions & { host?: string; interval: string; once?: boolean }) => {
      const stop = new AbortController()
      process.once('SIGINT', () => stop.abort())
      const query = options.host === undefined ? '' : `&host=${encodeURIComponent(options.host)}`
      while (!stop.signal.aborted) {
        const answer = (await (await ask(options, `/api/v1/live?minutes=2${query}`)).json()) as LiveAnswer
        const view = renderLive(answer)
        if (options.once === true) {
          process.stdout.write(view)
          return
        }
        process.stdout.write(`\u001b[H\u001b[2J${view}`)
        await sleep(Number(options.interval) * 1000, stop.signal)
      }
    })

/** One screen: the newest interval that a meter saw. Exported for its test. */
export function renderLive(answer: LiveAnswer): string {
  const index = lastSeen(answer)
  if (index < 0) return 'No power reading yet: the first interval ends a few seconds after the start.\n'
  const entries = answer.series
    .map(series => ({
      series,
      milliwatts: series.milliwatts[index] ?? 0,
      cpus: series.cpus_used[index] ?? null,
    }))
    .toSorted((a, b) => b.milliwatts - a.milliwatts)
  const total = entries.reduce((sum, { milliwatts }) => sum + milliwatts, 0)
  const band = answer.error_band === null ? '' : ` ±${(answer.error_band * 100).toFixed(0)} %`
  const rows = entries.map(({ series, milliwatts, cpus }) => [
    nameOf(series),
    series.workload_kind || series.share,
    wattsText(milliwatts),
    cpus === null ? '-' : cpus.toFixed(2),
    carbonRate(answer, milliwatts),
    costRate(answer, milliwatts),
  ])
  rows.push(['total', '', wattsText(total), '', carbonRate(answer, total), costRate(answer, total)])
  const head = `${answer.host_name || answer.host}  ${wattsText(total)} ${answer.energy_quality}${band} (${answer.energy_source}, boundary ${answer.boundary})\n`
  const grid = `zone ${answer.zone}: ${answer.intensity_g_per_kwh ?? 'no'} gCO2e/kWh, ${answer.intensity_kind} (${answer.intensity_source})\n`
  return `${head}${grid}${renderTable(['workload', 'kind', 'power', 'CPUs', 'gCO2e/h', `${answer.currency}/h`], rows)}`
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
  return (kilowattHoursPerHour(milliwatts, answer.pue) * Number(answer.intensity_g_per_kwh)).toFixed(3)
}

function costRate(answer: LiveAnswer, milliwatts: number): string {
  if (answer.price_per_kwh === null) return '-'
  return (kilowattHoursPerHour(milliwatts, answer.pue) * Number(answer.price_per_kwh)).toFixed(6)
}

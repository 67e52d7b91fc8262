import { Command, Option } from 'commander'
import type { HostsAnswer, WorkloadsAnswer } from '../core/api/answers.ts'
import { address, ask, type ClientOptions, DEFAULT_URL } from './client.ts'
import { renderTable } from './table.ts'

interface IdentityOptions extends ClientOptions {
  readonly minutes: string
  readonly host?: string
  readonly format: string
}

const common = (command: Command): Command =>
  command
    .option('--minutes <minutes>', 'readings of the last minutes, 1440 at most', '15')
    .addOption(new Option('--format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--url <url>', 'address of the instance', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope read (default: WATTLINE_TOKEN)')

/** `wattline hosts`, from `GET /api/v1/hosts`. */
export const hostsCommand = (): Command =>
  common(new Command('hosts'))
    .description('List machines with their meters and every name that stands for them, and why')
    .addHelpText('after', '\nExamples:\n  wattline hosts\n  wattline hosts --minutes 60 --format json')
    .action(async (options: IdentityOptions) => {
      const answer = await ask<HostsAnswer>(
        options,
        `/api/v1/hosts?minutes=${encodeURIComponent(options.minutes)}`,
        ['hosts'],
      )
      process.stdout.write(renderHosts(answer, options.format))
    })

/** `wattline workloads`, from `GET /api/v1/workloads`. */
export const workloadsCommand = (): Command =>
  common(new Command('workloads'))
    .description('List workloads with every id that stands for them, and the descriptions that do not count')
    .option('--host <host>', 'one machine, by any of its names')
    .addHelpText('after', '\nExamples:\n  wattline workloads\n  wattline workloads --host node-7')
    .action(async (options: IdentityOptions) => {
      const query = new URLSearchParams({ minutes: options.minutes })
      if (options.host !== undefined) query.set('host', options.host)
      const answer = await ask<WorkloadsAnswer>(options, `/api/v1/workloads?${query}`, ['workloads'])
      process.stdout.write(renderWorkloads(answer, options.format))
    })

/** Exported for its test. */
export function renderHosts(answer: HostsAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  if (answer.hosts.length === 0) return 'No host has sent readings in that time.\n'
  const rows = answer.hosts.map(({ host, host_name: name, names, meters, last_seen: seen }) => [
    host,
    name,
    names.map(one => `${one.name} (${one.steps.map(({ by }) => by).join(', ')})`).join(' ') || '-',
    meters.map(({ domain, sources }) => `${domain}: ${sources.join(', ')}`).join('; ') || '-',
    seen,
  ])
  const contested = answer.contested.map(
    ({ name, hosts }) =>
      `${name} stands for none: ${hosts.join(' and ')} claim it. Set hosts.aliases to decide.\n`,
  )
  return renderTable(['host', 'name', 'also known as', 'meters', 'last seen'], rows) + contested.join('')
}

/** Exported for its test. */
export function renderWorkloads(answer: WorkloadsAnswer, format: string): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  if (answer.workloads.length === 0) return 'No workload has sent readings in that time.\n'
  const rows = answer.workloads.map(one => [
    one.host,
    one.kind,
    one.name,
    one.namespace || '-',
    one.id,
    one.also.join(' ') || '-',
    one.sources.join(', '),
    one.state.replace('_', ' '),
  ])
  const more = answer.total - answer.workloads.length
  const rest = more > 0 ? `${more} more: name a host.\n` : ''
  return renderTable(['host', 'kind', 'name', 'namespace', 'id', 'also', 'sources', 'state'], rows) + rest
}

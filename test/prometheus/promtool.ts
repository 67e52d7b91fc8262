/** Prometheus' own command line asks, checks and pushes. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtOnce, goInstall } from '../support/go-build.ts'
import { encodeWrite1, HEADERS_1, type SentSeries, snappy } from '../support/remote-write.ts'
import { eventually } from '../support/until.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'

const VERSION = 'v0.316.0'

/** Path of promtool: some minutes of CPU the first time. */
const promtoolBinary = (): Promise<string> =>
  builtOnce(`promtool-${VERSION}`, 'promtool', folder =>
    goInstall(folder, `github.com/prometheus/prometheus/cmd/promtool@${VERSION}`, [
      '-trimpath',
      '-ldflags=-s -w',
      '-tags=remove_all_sd',
    ]),
  )

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What the client is asked about: samples of `clients_total` up to `end`, unix seconds. */
export interface PromtoolRig {
  readonly wattline: WattlineProcess
  readonly end: number
  readonly folder: string
  readonly compare: (what: string, found: unknown, expected: unknown) => void
}

/** Histograms of both kinds: cumulative buckets by `le`, and native ones with two buckets, three in the last sample. */
function histograms(end: number): readonly SentSeries[] {
  const times = [0, 1, 2, 3].map(at => (end - 45 + 15 * at) * 1_000)
  const shared = [
    ['instance', 'i:1'],
    ['job', 'clients'],
  ] as const
  const classic = ['0.5', '1', '+Inf'].map((le, at) => ({
    labels: [['__name__', 'waits_bucket'], shared[0], shared[1], ['le', le]] as const,
    samples: times.map((timestamp, n) => ({ value: [n, n, 2 * n][at] ?? 0, timestamp })),
  }))
  const native = times.map((timestamp, n) => ({
    count_int: n === 3 ? 6 : 3,
    sum: 4,
    schema: 0,
    zero_threshold: 0.001,
    zero_count_int: 0,
    positive_spans: [{ offset: 0, length: n === 3 ? 3 : 2 }],
    positive_deltas: n === 3 ? [1, 1, 1] : [1, 1],
    timestamp,
  }))
  return [...classic, { labels: [['__name__', 'sizes'], ...shared], histograms: native }]
}

export async function promtool({ wattline, end, folder, compare }: PromtoolRig): Promise<void> {
  const program = await promtoolBinary()
  const server = `${wattline.http}/prometheus`
  const run = (args: readonly string[], input = ''): Promise<Ran> =>
    new Promise(resolve => {
      const child = execFile(program, [...args], { maxBuffer: 2 ** 24 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
      )
      child.stdin?.end(input)
    })
  const json = async (...args: readonly string[]): Promise<unknown> => {
    const { code, out, err } = await run(['query', ...args.slice(0, 1), '-o', 'json', ...args.slice(1)])
    return code === 0 ? JSON.parse(out) : err
  }
  const label = (code: string) => ({ __name__: 'clients_total', code, instance: 'i:1', job: 'clients' })

  for (const path of ['healthy', 'ready'])
    compare(`promtool check ${path}`, (await run(['check', path, `--url=${server}`])).code, 0)
  compare('promtool query instant', await json('instant', `--time=${end}`, server, 'sum(clients_total)'), [
    { metric: {}, value: [end, '77'] },
  ])
  const shown = await run(['query', 'instant', `--time=${end}`, server, 'clients_total{code="200"}'])
  compare(
    'promtool query instant, as text',
    shown.out.trim(),
    `clients_total{code="200", instance="i:1", job="clients"} => 70 @[${end}]`,
  )
  const range = [`--start=${end - 60}`, `--end=${end}`, '--step=15s']
  compare('promtool query range', await json('range', ...range, server, 'sum by (job) (clients_total)'), [
    {
      metric: { job: 'clients' },
      values: [3, 4, 5, 6, 7].map((n, at) => [end - 60 + 15 * at, String(11 * n)]),
    },
  ])
  const between = [`--start=${end - 300}`, `--end=${end}`]
  compare(
    'promtool query series',
    await json('series', '--match=clients_total', ...between, server),
    ['200', '500'].map(label),
  )
  compare('promtool query series without times', await json('series', '--match=clients_total', server), [
    label('200'),
    label('500'),
  ])
  compare(
    'promtool query labels',
    await json('labels', '--match=clients_total', ...between, server, 'code'),
    ['200', '500'],
  )
  const wrong = await run(['query', 'instant', server, 'sum(('])
  compare(
    'promtool, wrong query',
    [wrong.code, wrong.err.split(':').slice(0, 2).join(':')],
    [1, 'query error: bad_data'],
  )
  await analyze({ wattline, end, folder, compare }, run, server)
  await push({ wattline, end, folder, compare }, run)
  const own = await (await fetch(`${wattline.http}/metrics`)).text()
  const checked = await run(['check', 'metrics'], own)
  compare('promtool check metrics, ours', checked, { code: 0, out: '', err: '' })
}

type Run = (args: readonly string[], input?: string) => Promise<Ran>

async function analyze({ wattline, end, compare }: PromtoolRig, run: Run, server: string): Promise<void> {
  const body = snappy(encodeWrite1(histograms(end)))
  await fetch(`${wattline.otlp}/api/v1/write`, { method: 'POST', headers: HEADERS_1, body })
  const analyzed = (match: string): Promise<Ran> =>
    run([
      'query',
      'analyze',
      `--server=${server}`,
      '--type=histogram',
      `--match=${match}`,
      '--duration=5m',
      `--time=${end}`,
    ])
  const lines = (text: string): readonly string[] => text.split('\n').filter(line => line.startsWith('- '))
  const classic = await eventually(
    () => analyzed('waits_bucket'),
    ({ out }) => out.includes('(classic)'),
  )
  compare('promtool query analyze, classic', lines(classic.out), [
    '- waits_bucket{instance="i:1", job="clients"} (classic): 0/1.500/2/3',
    '- min populated: 0/0.000/0',
    '- avg populated: 1/1.000/1',
    '- max populated: 2/2.000/2',
    '- total: 3/3.000/3',
  ])
  const native = await analyzed('sizes')
  compare('promtool query analyze, native', lines(native.out), [
    '- sizes{instance="i:1", job="clients"} (native): 2/2.250/3',
    '- min populated: 2/2.000/2',
    '- avg populated: 2/2.000/2',
    '- max populated: 3/3.000/3',
  ])
}

/** As remote write 1.0: with `--protobuf_message` for 2.0, this version sends a message of 1.0 all the same. */
async function push({ wattline, folder, compare }: PromtoolRig, run: Run): Promise<void> {
  const file = join(folder, 'pushed.prom')
  writeFileSync(file, '# HELP pushed_total A counter.\n# TYPE pushed_total counter\npushed_total{a="b"} 7\n')
  const pushed = await run(['push', 'metrics', wattline.otlp, file])
  compare('promtool push metrics', pushed.code, 0)
  const found = await eventually(
    async () => await run(['query', 'instant', '-o', 'json', `${wattline.http}/prometheus`, 'pushed_total']),
    ({ out }) => out.includes('pushed_total'),
  )
  const [series] = JSON.parse(found.out) as readonly { readonly metric: object; readonly value: unknown[] }[]
  compare(
    'promtool pushed',
    [series?.metric, series?.value[1]],
    [{ __name__: 'pushed_total', a: 'b', job: 'promtool' }, '7'],
  )
}

// Guarantees: a scrape of a target over HTTP becomes the right rows: types, assembled families, labels of the target,
// rules; series that disappear, and those of targets that fail or are removed, end; every failure is reported with its
// reason, and costs no more than its limits.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createBudget } from '../../../../collector/intake/budget.ts'
import { createFetch } from '../../../../collector/prometheus/scrape/fetch-target.ts'
import { createRelabel } from '../../../../collector/prometheus/scrape/relabel.ts'
import { TargetScraper } from '../../../../collector/prometheus/scrape/scrape-target.ts'
import { targetsOf } from '../../../../collector/prometheus/scrape/targets.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { createAuthority } from '../../../support/certificates.ts'
import { type Answer, type Exporter, OPENMETRICS, startExporter } from '../../../support/exporter.ts'
import { RecordedEvents } from '../../intake/fakes.ts'
import { CONTEXT, rowsOf } from '../../otlp/rows.ts'

const NOW_MS = Number(CONTEXT.nowUnixNano / 1_000_000n)
const REPORT = /^(up|scrape_.*)$/
type Row = Readonly<Record<string, unknown>>

let exporter: Exporter
beforeAll(async () => {
  exporter = await startExporter()
})
afterAll(() => exporter.close())
beforeEach(() => exporter.answer({ body: '' }))

/** A scraper of the exporter; each scrape gives the rows that were stored. */
function scraperOf(settings: object = {}, more: { address?: string; budgetBytes?: number } = {}) {
  const { address = exporter.address, budgetBytes = 1 << 28 } = more
  const labels = { instance: 'host-1:9100', zone: 'z' }
  const config = configSchema.parse({
    scrape: { jobs: [{ job_name: 'node', static_configs: [{ targets: [address], labels }], ...settings }] },
  })
  const job = config.scrape.jobs[0]!
  const [target] = targetsOf(job, job.static_configs, createRelabel(job.relabel_configs)).values()
  const events = new RecordedEvents()
  const log = { refuses: false, rows: [] as Row[], tenants: [] as string[] }
  const rules = job.metric_relabel_configs
  const scraper = new TargetScraper({
    job,
    target: target!,
    fetch: createFetch(job, 'wattline/test'),
    relabel: rules.length === 0 ? undefined : createRelabel(rules),
    limits: config.limits,
    budget: createBudget(budgetBytes),
    events,
    clock: { unixMs: () => NOW_MS, monotonicMs: () => performance.now() },
    intake: {
      async ingest(_signal, _encoding, bytes, tenant) {
        if (log.refuses) throw new WattlineError('disk_full', 'The disk is full.')
        log.rows = rowsOf('metrics', bytes)
        log.tenants.push(tenant)
        return { accepted: log.rows.length, rejected: 0, reasons: new Map(), cutAttributes: 0 }
      },
    },
  })
  const scrape = async (answer?: Answer): Promise<Row[]> => {
    if (answer !== undefined) exporter.answer(answer)
    log.rows = []
    await scraper.scrape(new AbortController().signal)
    return log.rows
  }
  const reasons = (): unknown[] =>
    events.all.filter(({ name }) => name === 'scrapeFailed').map(({ facts }) => facts['reason'])
  return { scrape, scraper, events, log, reasons }
}

const text = (body: string): Answer => ({ body })
const open = (body: string): Answer => ({ body: `${body}# EOF\n`, type: OPENMETRICS })
const own = (rows: readonly Row[]): Row[] => rows.filter(row => !REPORT.test(String(row['MetricName'])))
const valueIn = (rows: readonly Row[], name: string): unknown =>
  rows.find(row => row['MetricName'] === name)?.['Value']
const ended = (rows: readonly Row[]): unknown[] =>
  rows
    .filter(row => row['Flags'] === 1)
    .map(row => row['MetricName'])
    .toSorted()

describe('the samples of a target', () => {
  it('in text 0.0.4', async () => {
    const rows = await scraperOf().scrape(
      text(`# HELP temp Degrees.
# TYPE temp gauge
temp{room="a",zone="mine",job="theirs"} 20.5
temp{room="b"} NaN 1699999999000
# TYPE requests_total counter
requests_total{code="200"} 1027
# TYPE lat histogram
lat_bucket{le="0.1"} 5
lat_bucket{le="+Inf"} 7
lat_bucket{le="0.5",} 6
lat_sum 2.5
lat_count 7
# TYPE rpc summary
rpc{quantile="0.5"} 4
rpc{quantile="0.99"} 9
rpc_sum 100
rpc_count 30
plain 3
`),
    )
    const resource = { 'service.name': 'node', 'service.instance.id': 'host-1:9100' }
    const base = { ServiceName: 'node', ResourceAttributes: resource, Flags: 0 }
    const at = CONTEXT.nowUnixNano
    expect(own(rows)).toMatchObject([
      {
        ...base,
        MetricName: 'temp',
        MetricDescription: 'Degrees.',
        Attributes: { exported_job: 'theirs', exported_zone: 'mine', room: 'a', zone: 'z' },
        Value: 20.5,
        TimeUnix: at,
      },
      { MetricName: 'temp', Attributes: { room: 'b', zone: 'z' }, TimeUnix: 1_699_999_999_000_000_000n },
      { ...base, MetricName: 'plain', Value: 3, Attributes: { zone: 'z' } },
      { ...base, MetricName: 'requests_total', Value: 1027, IsMonotonic: true, AggregationTemporality: 2 },
      {
        ...base,
        MetricName: 'lat',
        Attributes: { zone: 'z' },
        Count: 7n,
        Sum: 2.5,
        ExplicitBounds: [0.1, 0.5],
        BucketCounts: [5n, 1n, 1n],
      },
      {
        ...base,
        MetricName: 'rpc',
        Count: 30n,
        Sum: 100,
        'ValueAtQuantiles.Quantile': [0.5, 0.99],
        'ValueAtQuantiles.Value': [4, 9],
      },
    ])
    expect(valueIn(rows, 'up')).toBe(1)
    expect(valueIn(rows, 'scrape_samples_scraped')).toBe(13)
    expect(valueIn(rows, 'scrape_samples_post_metric_relabeling')).toBe(13)
    expect(valueIn(rows, 'scrape_duration_seconds')).toBeGreaterThan(0)
    expect(rows.find(row => row['MetricName'] === 'up')).toMatchObject({ ...base, Attributes: { zone: 'z' } })
  })

  it('in OpenMetrics, with starts and exemplars', async () => {
    const rows = await scraperOf().scrape(
      open(`# TYPE jobs counter
jobs_total{q="a"} 5 # {trace_id="5b8efff798038103d269b633813fc60c"} 1 1699999990.5
jobs_created{q="a"} 1699999000.25
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="1.0"} 2 # {x="y"} 0.5
wait_seconds_bucket{le="+Inf"} 3
wait_seconds_count 3
wait_seconds_sum 4
wait_seconds_created 1699999000
# TYPE build info
build_info{version="1"} 1
# TYPE state stateset
state{state="on"} 1
# TYPE heap gaugehistogram
heap_bucket{le="8"} 1
heap_bucket{le="+Inf"} 4
heap_gcount 4
heap_gsum 60
# TYPE "my.metric" gauge
{"my.metric","a.b"="c"} 8
`),
    )
    expect(own(rows)).toMatchObject([
      { MetricName: 'build_info', Value: 1, Attributes: { version: '1', zone: 'z' } },
      { MetricName: 'state', Value: 1, Attributes: { state: 'on', zone: 'z' } },
      { MetricName: 'my.metric', Value: 8, Attributes: { 'a.b': 'c', zone: 'z' } },
      {
        MetricName: 'jobs_total',
        Value: 5,
        StartTimeUnix: 1_699_999_000_250_000_000n,
        'Exemplars.TraceId': ['5b8efff798038103d269b633813fc60c'],
        'Exemplars.TimeUnix': [1_699_999_990_500_000_000n],
      },
      {
        MetricName: 'wait_seconds',
        MetricUnit: 'seconds',
        StartTimeUnix: 1_699_999_000_000_000_000n,
        BucketCounts: [2n, 1n],
        'Exemplars.FilteredAttributes': [{ x: 'y' }],
        'Exemplars.TimeUnix': [CONTEXT.nowUnixNano],
        AggregationTemporality: 2,
      },
      { MetricName: 'heap', BucketCounts: [1n, 3n], Sum: 60, AggregationTemporality: 0 },
    ])
  })

  it('keep histograms and summaries that cannot be assembled as their parts', async () => {
    const rows = await scraperOf().scrape(
      text(`# TYPE lat histogram
lat_bucket{le="1"} 5
lat_bucket{le="+Inf"} 4
lat_sum 1
# TYPE odd histogram
odd_bucket{le="x"} 5
# TYPE rpc summary
rpc{quantile="0.5"} 4
`),
    )
    const shown = own(rows).map(row => [
      row['MetricName'],
      row['Attributes'],
      row['Value'],
      row['IsMonotonic'] ?? false,
    ])
    expect(shown).toEqual([
      ['rpc', { quantile: '0.5', zone: 'z' }, 4, false],
      ['lat_bucket', { le: '1', zone: 'z' }, 5, true],
      ['lat_bucket', { le: '+Inf', zone: 'z' }, 4, true],
      ['lat_sum', { zone: 'z' }, 1, true],
      ['odd_bucket', { le: 'x', zone: 'z' }, 5, true],
    ])
  })

  it('have their own labels and no times, if the job says so', async () => {
    const rows = await scraperOf({ honor_labels: true, honor_timestamps: false, tenant: 'acme' }).scrape(
      text('a{job="theirs",instance="x",zone="mine"} 1 5\na{job="other"} 2\na 3\n'),
    )
    const shown = own(rows).map(row => [
      row['ServiceName'],
      row['ResourceAttributes'],
      row['Attributes'],
      row['Value'],
      row['TimeUnix'],
    ])
    const at = CONTEXT.nowUnixNano
    const resource = (name: string, id: string) => ({ 'service.name': name, 'service.instance.id': id })
    expect(shown).toEqual([
      ['node', resource('node', 'host-1:9100'), { zone: 'z' }, 3, at],
      ['other', resource('other', 'host-1:9100'), { zone: 'z' }, 2, at],
      ['theirs', resource('theirs', 'x'), { zone: 'mine' }, 1, at],
    ])
  })

  it('follow the rules of the job', async () => {
    const { scrape } = scraperOf({
      metric_relabel_configs: [
        { action: 'drop', source_labels: ['__name__'], regex: 'go_.*' },
        { source_labels: ['__name__'], regex: 'old_(.*)', target_label: '__name__', replacement: 'new_$1' },
        { action: 'labeldrop', regex: 'id' },
      ],
    })
    const rows = await scrape(
      text(
        'go_gc 1\n# TYPE old_total counter\nold_total{id="7"} 4\n# TYPE old_h histogram\nold_h_bucket{le="+Inf"} 2\nold_h_count 2\n',
      ),
    )
    expect(
      own(rows).map(row => [row['MetricName'], row['Attributes'], row['Value'], row['IsMonotonic']]),
    ).toEqual([
      ['new_total', { zone: 'z' }, 4, true],
      ['new_h_bucket', { le: '+Inf', zone: 'z' }, 2, true],
      ['new_h_count', { zone: 'z' }, 2, true],
    ])
    expect(valueIn(rows, 'scrape_samples_scraped')).toBe(4)
    expect(valueIn(rows, 'scrape_samples_post_metric_relabeling')).toBe(3)
  })

  it('contain each series once, and none whose labels would have to be cut', async () => {
    const { scrape, events } = scraperOf()
    const rows = await scrape(text(`a 1\na 2\nb 1 5000\nb 2 6000\nb 3 6000\nc{x="${'é'.repeat(2049)}"} 1\n`))
    // b is dated 1970, which intake rejects by itself.
    expect(own(rows).map(row => [row['MetricName'], row['Value']])).toEqual([['a', 1]])
    expect(events.sum('itemsRejected', { reason: 'duplicate' })).toBe(2)
    expect(events.sum('itemsRejected', { reason: 'label_too_long' })).toBe(1)
  })
})

describe('series end', () => {
  it('when the target no longer has them', async () => {
    const { scrape } = scraperOf()
    expect(
      ended(await scrape(text('a 1\nb{x="\\n\\""} 1\nc 1 1699999999000\n# TYPE h histogram\nh_count 1\n'))),
    ).toEqual([])
    const rows = await scrape(text('a 1\n'))
    expect(ended(rows)).toEqual(['b', 'h'])
    expect(rows.find(row => row['MetricName'] === 'b')).toMatchObject({
      Attributes: { x: '\n"', zone: 'z' },
      ResourceAttributes: { 'service.name': 'node', 'service.instance.id': 'host-1:9100' },
      TimeUnix: CONTEXT.nowUnixNano,
    })
    expect(ended(await scrape(text('a 1\n')))).toEqual([])
  })

  it('when the target fails, only once', async () => {
    const { scrape, events, reasons } = scraperOf()
    await scrape(text('a 1\n'))
    for (const ends of [['a'], []]) {
      const rows = await scrape({ body: 'a 2\n', status: 500 })
      expect(ended(rows)).toEqual(ends)
      expect(valueIn(rows, 'up')).toBe(0)
      expect(valueIn(rows, 'scrape_samples_scraped')).toBe(0)
    }
    expect(reasons()).toEqual(['status', 'status'])
    expect(events.sum('targetFailed')).toBe(1)
    await scrape(text('a 1\n'))
    expect(events.sum('targetRecovered')).toBe(1)
  })

  it('when the target goes away, with its metadata', async () => {
    const { scrape, scraper, log } = scraperOf()
    await scrape(text('a 1\n'))
    log.refuses = true
    await expect(scraper.leave()).rejects.toThrow('full')
    log.refuses = false
    await scraper.leave()
    expect(ended(log.rows)).toEqual([
      'a',
      'scrape_duration_seconds',
      'scrape_samples_post_metric_relabeling',
      'scrape_samples_scraped',
      'up',
    ])
    log.rows = []
    await scraper.leave()
    expect(log.rows).toEqual([])
  })

  it('only when the log has accepted it: a refused scrape is a failed one', async () => {
    const { scrape, log, reasons } = scraperOf()
    await scrape(text('a 1\nb 1\n'))
    log.refuses = true
    expect(await scrape(text('b 1\n'))).toEqual([])
    expect(reasons()).toEqual(['log'])
    log.refuses = false
    expect(ended(await scrape(text('b 1\n')))).toEqual(['a'])
  })
})

describe('a request', () => {
  it('says what is accepted, who asks and how long it waits', async () => {
    await scraperOf({ scrape_timeout: '3s', params: { a: ['b c'] } }).scrape()
    const { headers, url } = exporter.requests.at(-1)!
    expect(url).toBe('/metrics?a=b+c')
    expect(headers).toMatchObject({
      accept:
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.1',
      'accept-encoding': 'gzip',
      'user-agent': 'wattline/test',
      'x-prometheus-scrape-timeout-seconds': '3',
    })
    expect(headers).not.toHaveProperty('authorization')
  })

  it.each([
    [{ basic_auth: { username: 'u', password: 'p:ü' } }, `Basic ${Buffer.from('u:p:ü').toString('base64')}`],
    [{ authorization: { credentials: 'abc' } }, 'Bearer abc'],
  ])('by %j', async (settings, header) => {
    await scraperOf(settings).scrape()
    expect(exporter.requests.at(-1)!.headers.authorization).toBe(header)
  })

  it('inflates gzip', async () => {
    const rows = await scraperOf().scrape({ body: 'a 1\n', gzip: true })
    expect(valueIn(rows, 'a')).toBe(1)
  })

  it('works over TLS: with the right authority, or without verification', async () => {
    const authority = createAuthority('ours')
    const secure = await startExporter(authority.issue(['127.0.0.1']))
    try {
      secure.answer(text('a 1\n'))
      const ask = async (tls: object) => {
        const { scrape, reasons } = scraperOf(
          { scheme: 'https', tls_config: tls },
          { address: secure.address },
        )
        return [valueIn(await scrape(), 'a'), ...reasons()]
      }
      expect(await ask({ ca: authority.cert })).toEqual([1])
      expect(await ask({ insecure_skip_verify: true })).toEqual([1])
      expect(await ask({})).toEqual([undefined, 'connection'])
      expect(await ask({ ca: createAuthority('another').cert })).toEqual([undefined, 'connection'])
    } finally {
      await secure.close()
    }
  })
})

describe('failures', () => {
  const bomb = Buffer.alloc(64 << 20, '#')
  for (let at = 1000; at < bomb.length; at += 1000) bomb[at] = 0x0a

  it.each<[string, Answer, object, string]>([
    ['a redirect', { body: '', status: 302, headers: { location: '/other' } }, {}, 'status'],
    ['no Content-Type', { body: 'a 1\n', type: null }, {}, 'content_type'],
    ['an unknown Content-Type', { body: 'a 1\n', type: 'text/html' }, {}, 'content_type'],
    ['an invalid Content-Type', { body: 'a 1\n', type: 'metrics' }, {}, 'content_type'],
    [
      'a page in the format of the fallback',
      { body: '<html>', type: 'text/html' },
      { fallback_scrape_protocol: 'PrometheusText0.0.4' },
      'format',
    ],
    ['a malformed line', { body: 'a 1\nb\n' }, {}, 'format'],
    ['a body cut short', { body: 'a 1\n', type: OPENMETRICS }, {}, 'format'],
    ['another coding', { body: 'a 1\n', headers: { 'content-encoding': 'br' } }, {}, 'format'],
    ['broken gzip', { body: 'a 1\n', headers: { 'content-encoding': 'gzip' } }, {}, 'format'],
    [
      'a body beyond the limit',
      { body: `a 1\n#${'x'.repeat(1000)}\n` },
      { body_size_limit: 1000 },
      'too_large',
    ],
    ['64 MiB in a small body', { body: bomb, gzip: true }, {}, 'too_large'],
    ['too many samples', { body: 'a 1\nb 1\nc 1\n' }, { sample_limit: 2 }, 'samples'],
    ['no answer', { body: '', afterMs: -1 }, { scrape_timeout: 0.2 }, 'timeout'],
    ['a slow answer', { body: 'a 1\n', afterMs: 10_000 }, { scrape_timeout: 0.2 }, 'timeout'],
  ])('%s', async (_, answer, settings, reason) => {
    const { scrape, reasons } = scraperOf(settings)
    const rows = await scrape(answer)
    expect(reasons()).toEqual([reason])
    expect(valueIn(rows, 'up')).toBe(0)
    expect(own(rows)).toEqual([])
  })

  it('nothing listens', async () => {
    const gone = await startExporter()
    await gone.close()
    const { scrape, reasons } = scraperOf({}, { address: gone.address })
    expect(valueIn(await scrape(), 'up')).toBe(0)
    expect(reasons()).toEqual(['connection'])
  })

  it('scrapes in progress use all available memory', async () => {
    const { scrape, reasons } = scraperOf({}, { budgetBytes: 1000 })
    expect(valueIn(await scrape(text(`#${'x'.repeat(400)}\n`)), 'up')).toBe(0)
    expect(reasons()).toEqual(['overloaded'])
    expect(valueIn(await scrape(text('a 1\n')), 'up')).toBe(1)
  })

  it('uses the fallback if the type is missing', async () => {
    const rows = await scraperOf({ fallback_scrape_protocol: 'OpenMetricsText1.0.0' }).scrape({
      body: 'a 1\n# EOF\n',
      type: null,
    })
    expect(valueIn(rows, 'a')).toBe(1)
  })

  it('stores nothing of a scrape that the end of the process interrupts', async () => {
    const { scraper, log, reasons } = scraperOf()
    exporter.answer({ body: '', afterMs: -1 })
    const stop = new AbortController()
    const scraped = scraper.scrape(stop.signal)
    setTimeout(() => stop.abort(), 50)
    await scraped
    expect(log.tenants).toEqual([])
    expect(reasons()).toEqual([])
  })
})

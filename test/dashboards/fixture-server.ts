import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Problem, SilencesAnswer } from '../../core/api/answers.ts'
import type { PageAsset } from '../../dashboards/page.ts'
import { alertsAnswer, deliveriesAnswer, rulesAnswer, silencesAnswer } from './alerts-fixture.ts'
import { billsAnswer } from './bills-fixture.ts'
import { liveAnswer, statusAnswer, traceAnswer, tracesAnswer, usageAnswer } from './fixture.ts'
import { scalingAnswer } from './scaling-fixture.ts'

/** The answers of the fixture; a test changes them while the page runs. */
export interface Scenario {
  priced: boolean
  measured: boolean
  hosts: number
  /** Nothing measured and nothing sent yet. */
  empty: boolean
  problems: readonly string[]
  /** The usage route answers with this problem instead. */
  refusal: Problem | null
  /** The routes require this token; empty: none. */
  token: string
  silences: SilencesAnswer['silences']
}

export interface FixtureServer {
  readonly url: string
  readonly scenario: Scenario
  /** Path and query of every request, oldest first. */
  readonly requests: readonly string[]
  /** Disappears like a killed process: open connections break, new ones are refused. */
  away(): Promise<void>
  /** Returns at the same address. */
  back(): Promise<void>
  stop(): Promise<void>
}

/** The strictest policy that the query server may send: if the page needs more, the test fails. */
const CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

export async function startFixtureServer(page: ReadonlyMap<string, PageAsset>): Promise<FixtureServer> {
  const scenario: Scenario = {
    priced: true,
    measured: false,
    hosts: 1,
    empty: false,
    problems: [],
    refusal: null,
    token: '',
    silences: silencesAnswer(Date.now()).silences,
  }
  const requests: string[] = []
  let server = await listen(0)
  const { port } = server.address() as AddressInfo

  function listen(wanted: number): Promise<Server> {
    const made = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://fixture')
      const change = request.method === 'GET' ? '' : `${request.method} `
      requests.push(change + url.pathname + url.search)
      const asset = page.get(url.pathname)
      if (asset !== undefined) {
        response.writeHead(200, { 'content-type': asset.type, 'content-security-policy': CSP })
        response.end(asset.body)
        return
      }
      if (scenario.token !== '' && request.headers.authorization !== `Bearer ${scenario.token}`) {
        response.writeHead(401, { 'content-type': 'application/problem+json' })
        response.end(
          JSON.stringify({
            status: 401,
            code: 'unauthenticated',
            detail: 'The request has no token.',
            remedy: '',
          }),
        )
        return
      }
      if (change !== '') {
        changeSilences(request, scenario, url.pathname).then(status => response.writeHead(status).end('{}'))
        return
      }
      const body = answer(url, scenario)
      if (url.pathname === '/api/v1/usage' && scenario.refusal !== null) {
        response.writeHead(scenario.refusal.status, { 'content-type': 'application/problem+json' })
        response.end(JSON.stringify(scenario.refusal))
        return
      }
      response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body ?? { status: 404, detail: 'Nothing here.', remedy: '' }))
    })
    return new Promise((resolve, reject) => {
      made.once('error', reject)
      made.listen(wanted, '127.0.0.1', () => resolve(made))
    })
  }

  const close = (): Promise<void> =>
    new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })

  return {
    url: `http://127.0.0.1:${port}/`,
    scenario,
    requests,
    away: close,
    back: async () => {
      server = await listen(port)
    },
    stop: close,
  }
}

/** Creates and ends silences, and takes replays; resolves with the status. */
async function changeSilences(
  request: AsyncIterable<Buffer> & { readonly method?: string | undefined },
  scenario: Scenario,
  path: string,
): Promise<number> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const found = /^\/api\/v1\/silences\/(.+)$/.exec(path)
  if (request.method === 'DELETE' && found !== null) {
    scenario.silences = scenario.silences.filter(({ id }) => id !== found[1])
    return 204
  }
  if (path.endsWith('/replay')) return 200
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as SilencesAnswer['silences'][number]
  scenario.silences = [
    ...scenario.silences,
    { ...body, id: `s${scenario.silences.length + 2}`, starts_at: new Date().toISOString() },
  ]
  return 200
}

function answer(url: URL, scenario: Scenario): unknown {
  const nowMs = Date.now()
  const query = url.searchParams
  if (url.pathname === '/api/v1/status') return statusAnswer(scenario.problems)
  if (url.pathname === '/api/v1/live') {
    const live = liveAnswer({
      nowMs,
      minutes: Number(query.get('minutes') ?? 5),
      ...scenario,
      host: query.get('host') ?? '',
    })
    return scenario.empty ? { ...live, host: '', hosts: [], hosts_total: 0, times_ms: [], series: [] } : live
  }
  if (url.pathname === '/api/v1/usage') {
    const usage = usageAnswer(query.get('window') ?? '1h', scenario)
    return scenario.empty ? { ...usage, rows: [] } : usage
  }
  if (url.pathname === '/api/v1/rules') return scenario.empty ? { rules: [] } : rulesAnswer()
  if (url.pathname === '/api/v1/alerts') {
    return scenario.empty ? { alerts: [], truncated: false } : alertsAnswer(nowMs)
  }
  if (url.pathname === '/api/v1/silences') return { silences: scenario.silences }
  if (url.pathname === '/api/v1/deliveries') {
    return scenario.empty ? { deliveries: [], truncated: false } : deliveriesAnswer(nowMs)
  }
  const found = billsAnswer(url, scenario.empty) ?? scalingAnswer(url, nowMs, scenario.empty)
  if (found !== null) return found
  if (url.pathname === '/api/v1/traces') return scenario.empty ? { traces: [] } : tracesAnswer(nowMs)
  const trace = /^\/api\/v1\/traces\/(\w+)$/.exec(url.pathname)
  return trace === null ? null : traceAnswer(trace[1]!)
}

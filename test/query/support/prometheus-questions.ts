/** A request for each route of the Prometheus API that answers with rows of the ledger, if it may. */
const MATCH = 'match[]=%7B__name__%3D~%22wattline_.%2A%22%7D'
const TIMES = 'start=2026-11-20T11:00:00Z&end=2026-11-20T12:00:30Z'

const BOTH: Readonly<Record<string, string>> = {
  query: 'query=wattline_energy_joules&time=2026-11-20T11:51:00Z',
  query_range: `query=wattline_energy_joules&${TIMES}&step=60`,
  query_exemplars: `query=wattline_energy_joules&${TIMES}`,
  series: `${MATCH}&${TIMES}`,
  labels: TIMES,
  format_query: 'query=up',
  parse_query: 'query=up',
}

const prefixes = ['', '/prometheus']

/** By route, as the server names it. */
export const PROMETHEUS_QUESTIONS: Readonly<Record<string, readonly [route: string]>> = Object.fromEntries(
  prefixes.flatMap(prefix => [
    ...Object.entries(BOTH).flatMap(([path, query]) =>
      ['GET', 'POST'].map(method => {
        const route = `${method} ${prefix}/api/v1/${path}`
        return [route, [`${route}?${query}`]] as const
      }),
    ),
    [
      `GET ${prefix}/api/v1/label/:name/values`,
      [`GET ${prefix}/api/v1/label/host/values?${MATCH}&${TIMES}`],
    ] as const,
    [`GET ${prefix}/federate`, [`GET ${prefix}/federate?match[]=wattline_energy_joules`]] as const,
  ]),
)

/** Routes that every process answers to everyone. */
export const PROMETHEUS_OPEN = prefixes.flatMap(prefix => [
  `GET ${prefix}/-/healthy`,
  `GET ${prefix}/-/ready`,
])

/** Whether a route needs no more than scope read: the ledger's series are those of the accounts of a token. */
export const isPrometheusRoute = (route: string): boolean =>
  /^\w+ (\/prometheus)?(\/federate$|\/api\/v1\/(query|query_range|query_exemplars|series|labels|label|metadata|format_query|parse_query|features|status\/\w+)(\/|$))/.test(
    route,
  )

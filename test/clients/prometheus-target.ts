/** A Prometheus target with known values that change with each scrape, in OpenMetrics with exemplars. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Target {
  readonly port: number
  /** How often it was scraped. */
  scrapes(): number
  /** From now on the series `fleeting` is missing. */
  dropSeries(): void
  close(): void
}

export async function startTarget(): Promise<Target> {
  let scrapes = 0
  let fleeting = true
  const server = createServer((_request, response) => {
    scrapes += 1
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    response.writeHead(200, { 'content-type': type }).end(exposition(scrapes, fleeting))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    scrapes: () => scrapes,
    dropSeries: () => {
      fleeting = false
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const exposition = (n: number, fleeting: boolean): string =>
  `# TYPE requests counter
# HELP requests Anfragen größer 0
requests_total{path="/a",method="GET"} ${n * 3} # {trace_id="${String(n).padStart(32, '0')}",span_id="00f067aa0ba902b7",user="ü"} ${n / 7}
requests_total{path="/größe \\"x\\" \\\\ \\n",method=""} ${2 ** 53 + n * 2}
# TYPE temperature_celsius gauge
# UNIT temperature_celsius celsius
temperature_celsius{where="ü"} ${-273.15 + n / 10}
temperature_celsius{where="nan"} NaN
temperature_celsius{where="infinity"} +Inf
temperature_celsius{where="minus"} -Inf
temperature_celsius{where="large"} 1.7976931348623157e+308
temperature_celsius{where="tiny"} 5e-324
temperature_celsius{where="zero"} -0
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} ${n}
latency_seconds_bucket{le="1"} ${n * 2}
latency_seconds_bucket{le="+Inf"} ${n * 4}
latency_seconds_sum ${n * 0.3}
latency_seconds_count ${n * 4}
# TYPE sizes_bytes summary
sizes_bytes{quantile="0.5"} ${n * 10}
sizes_bytes{quantile="0.99"} ${n * 100}
sizes_bytes_sum ${n * 1000}
sizes_bytes_count ${n * 5}
# TYPE build info
build_info{version="1.2.3"} 1
# TYPE plain unknown
plain ${n ** 3}
${fleeting ? `# TYPE fleeting gauge\nfleeting ${n}\n` : ''}# EOF
`

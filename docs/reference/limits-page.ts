import { environmentNames } from '../../core/catalogue/config/environment.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { ENDPOINTS, type EndpointName, type LimitAnswer } from '../../core/catalogue/limits/declaration.ts'
import { LIMITS } from '../../core/catalogue/limits/limits.ts'
import { NOTE, table } from './markdown.ts'

/** Limits of clients, from the table that a test checks against every endpoint. */
export function limitsPage(): string {
  const endpoints = Object.entries(ENDPOINTS) as [EndpointName, string][]
  const rows = Object.values(LIMITS).map(({ what, bound, beyond, code, answers }) => [
    what,
    'key' in bound ? keyText(bound.key) : bound.fixed,
    ...endpoints.map(([endpoint]) => answerText(answers[endpoint])),
    code === null ? '' : `\`${code}\``,
    beyond,
  ])
  const headings = [
    'what is limited',
    'limit',
    ...endpoints.map(([, name]) => name),
    'error',
    'beyond the limit',
  ]
  return [
    `# Limits\n\n${NOTE}\n`,
    'This table lists what a client may send, and how each endpoint answers when it exceeds a limit. `test/collector/limits.test.ts` tests every row against every endpoint. An answer with 429 or 503 carries `Retry-After`, one with UNAVAILABLE or DEADLINE_EXCEEDED a `RetryInfo`: send the same request again. Limits of queries are under `limits.sql` in [configuration](reference/configuration.md).\n',
    `${table(headings, rows)}\n`,
    'A 200 or OK with a partial success names the items that were rejected or cut. Remote write has no partial success: Wattline stores the valid series and answers 400 with the reasons. Senders do not repeat a request after 400.\n',
    ODD,
  ].join('\n')
}

const ODD = `## Unusual bodies

| body | answer |
|---|---|
| empty, or with empty resources and scopes | 200 or OK, nothing is stored |
| text that is not UTF-8 | 200 or OK; U+FFFD replaces the invalid bytes |
| NaN and infinities | 200 or OK; stored unchanged; in text \`NaN\`, \`+Inf\`, \`-Inf\` |
| unknown fields, groups, repeated scalar fields, split messages | 200 or OK; handled as protobuf specifies |
| wrong lengths, integers of more than ten bytes, known fields with another wire type | 400 or INVALID_ARGUMENT, \`body_undecodable\`, nothing of the body is stored |
| over gRPC: fewer or more bytes than the prefix of the message says, a second message, no message | INVALID_ARGUMENT, \`body_undecodable\`, nothing of the call is stored |
| over gRPC: a flag that is neither 0 nor 1, or 1 without a compression method | INTERNAL, \`frame_invalid\`, nothing of the call is stored |

## Memory

\`limits.memory_bytes\` is the limit of the whole process. Requests are admitted up to four fifths of it. Above that, the process
collects garbage, at most every five seconds, and answers the requests that do not fit with 429. The last fifth is for requests in
flight, so it should be at least \`limits.in_flight_bytes\`. Refusing requests limits what clients use. It does not limit the
embedded engine while it processes the log: \`warehouse.max_memory_bytes\` does. A process with all roles needs about half a gibibyte
before the first request, so give it at least a gibibyte.

Metering needs about 2 KB of memory per series (a quantity of a meter or workload), 1.4 KB per host, and 50 bytes per sample of an open
minute. It forgets a workload after an hour of silence, and a host after a day. \`metering.state_bytes\` limits this memory per tenant. When a tenant reaches it, known hosts and
workloads continue. Readings of new ones are stored but not metered: their rows in \`late_readings\` say \`no_room\`, \`/readyz\` names
the tenant, and \`wattline_meter_state_bytes\` shows the memory in use.

## Several processes

With \`collector.processes: N\`, a limit applies to all processes together, and each process gets an equal part of it. This holds for
\`limits.in_flight_bytes\`, for \`limits.memory_bytes\` (less 160 MiB for the process that supervises the others), for the connections
of a listener, and for gRPC calls. A client is limited by the part of the process that has its connection. A body goes to one process,
so \`limits.in_flight_bytes\` must be at least N times \`limits.body_bytes\`. One process scrapes for all and has the whole
\`scrape.in_flight_bytes\`.
`

function keyText(key: string): string {
  if (![...environmentNames().values()].some(({ path }) => path.join('.') === key)) {
    throw new Error(`The table of limits names the key ${key}, which does not exist.`)
  }
  const value = key
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], configSchema.parse({}))
  return `\`${key}\` (${value === undefined ? 'what there is' : value})`
}

const answerText = (answer: LimitAnswer): string => (answer === null ? '–' : String(answer))

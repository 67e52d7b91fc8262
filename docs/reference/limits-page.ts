import { environmentNames } from '../../core/catalogue/config/environment.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { ENDPOINTS, type EndpointName, type LimitAnswer } from '../../core/catalogue/limits/declaration.ts'
import { LIMITS } from '../../core/catalogue/limits/limits.ts'
import { NOTE, table } from './markdown.ts'

/** What clients may cost, from the table that a test drives against every endpoint. */
export function limitsPage(): string {
  const endpoints = Object.entries(ENDPOINTS) as [EndpointName, string][]
  const rows = Object.values(LIMITS).map(({ what, bound, beyond, code, answers }) => [
    what,
    'key' in bound ? keyText(bound.key) : bound.fixed,
    ...endpoints.map(([endpoint]) => answerText(answers[endpoint])),
    code === null ? '' : `\`${code}\``,
    beyond,
  ])
  const headings = ['what is bounded', 'bound', ...endpoints.map(([, name]) => name), 'error', 'beyond it']
  return [
    `# Limits\n\n${NOTE}\n`,
    'What a client may cost, and what it is answered beyond that; `test/collector/limits.test.ts` drives every row against every endpoint. A refusal with 429 or 503 carries `Retry-After`, one with UNAVAILABLE or DEADLINE_EXCEEDED a `RetryInfo`: send it again. Limits of queries are under `limits.sql` in [configuration](reference/configuration.md).\n',
    `${table(headings, rows)}\n`,
    'A 200 or OK with a partial success names what was rejected or cut. Remote write has no partial success: what could be stored is stored, and the answer is 400 with the reasons, which senders do not repeat.\n',
    ODD,
  ].join('\n')
}

const ODD = `## What is odd, and no fault

| body | answer |
|---|---|
| empty, or with empty resources and scopes | 200 or OK, nothing is stored |
| text that is not UTF-8 | 200 or OK; U+FFFD where it is not |
| NaN and infinities | 200 or OK; stored as they are; in text \`NaN\`, \`+Inf\`, \`-Inf\` |
| unknown fields, groups, values that a later one replaces, messages in pieces | 200 or OK, as protobuf wants |
| lengths that lie, integers of more than ten bytes, known fields of another wire type | 400 or INVALID_ARGUMENT, \`body_undecodable\`, nothing of the body is stored |
| over gRPC: fewer or more bytes than the message’s prefix says, a second message, none | INVALID_ARGUMENT, \`body_undecodable\`, nothing of the call is stored |
| over gRPC: a flag that is neither 0 nor 1, or 1 without a compression | INTERNAL, \`frame_invalid\`, nothing of the call is stored |

## Memory

\`limits.memory_bytes\` is for the whole process. Requests are let in up to four fifths of it; above, memory is collected, at
most every five seconds, and what does not fit is told to come back. The last fifth is for what is on its way already, so it
should not be less than \`limits.in_flight_bytes\`. Shedding ends what clients add; it does not end what the embedded engine
takes to work off the log, which has a bound of its own, \`warehouse.max_memory_bytes\`. A process of all roles takes about
half a gibibyte before the first request: less than a gibibyte in all leaves it nothing to work with.

What is metered takes memory as long as it is heard of: about 2 KB for each series (a quantity of a meter or workload), 1.4 KB for
each host, both until they have been silent (workloads for an hour, hosts for a day), and 50 bytes for each sample of a minute that is open. \`metering.state_bytes\` bounds it for
each tenant; beyond it what is known goes on, and readings of new hosts and workloads are stored without being metered: their
rows in \`late_readings\` say \`no_room\`, \`/readyz\` names the tenant, \`wattline_meter_state_bytes\` shows how full it is.

## Several processes

With \`collector.processes: N\` a limit is that of the whole, and each process gets an equal part: of \`limits.in_flight_bytes\`, of
\`limits.memory_bytes\` after 160 MiB for the process that watches the others, and of the connections of a listener and the calls of
gRPC. A client meets the part of the process that its connection was given to. A body is not divided: \`limits.in_flight_bytes\`
must be at least N times \`limits.body_bytes\`. What scrapes may hold, \`scrape.in_flight_bytes\`, is that of the one process that scrapes.
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

/**
 * Faults on a loaded system, one seeded fault a run, and an audit of what it stored. README.md says which there are.
 *
 * `--without-repair` (embedded) leaves the engine's deduplication logs as a crash left them: the audit must find records
 * that are lost. `--without-tokens` (kafka) has the warehouse forget its deduplication tokens: the audit must find what is
 * there twice. Both fail when the audit finds nothing: so it is seen that it can fail.
 */
import { parseArgs } from '../support/arguments.ts'
import { embeddedTopology } from './embedded.ts'
import { runChaos } from './harness.ts'
import { kafkaTopology } from './kafka.ts'

const USAGE = `Usage: npm run chaos -- [options]

Breaks a loaded system again and again, and audits what it stored. Exits with 1 on any finding, and keeps its data then.

  --on embedded|kafka   one process, or many with a real Kafka (Java and Maven)    (embedded)
  --runs N              faults, one a run                                          (500)
  --seed N              what everything is drawn from                              (another one each time)
  --first N             number of the first run: --first 133 --runs 1 repeats one
  --audit-every N       runs between two audits                                    (25)
  --fault NAME,NAME     only these faults; test/chaos/README.md lists them
  --even                each of them as often as the others, by turns; else by their weights
  --without-repair      embedded: leaves the engine's tokens as a crash left them; the audit must find something
  --without-tokens      kafka: the tables forget their tokens; the audit must find something

Examples:
  npm run chaos -- --runs 100                    a few minutes on two cores
  npm run chaos -- --fault kill,stop --runs 20
`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    on: { type: 'string', default: 'embedded' },
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    first: { type: 'string', default: '0' },
    'audit-every': { type: 'string', default: '25' },
    fault: { type: 'string' },
    even: { type: 'boolean', default: false },
    'without-repair': { type: 'boolean', default: false },
    'without-tokens': { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const write = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`)
const { 'without-repair': withoutRepair, 'without-tokens': withoutTokens } = values
if (values.on !== 'embedded' && values.on !== 'kafka') throw new Error('--on is embedded or kafka')
if (withoutRepair && values.on !== 'embedded') throw new Error('--without-repair needs --on embedded')
if (withoutTokens && values.on !== 'kafka') throw new Error('--without-tokens needs --on kafka')

/** Only for proving that the audit can fail. */
const PROOF = withoutRepair ? ['kill', 'kill-at-token'] : ['warehouse-fault', 'kill-processors-at-insert']
const isProof = withoutRepair || withoutTokens
const only = values.fault?.split(',') ?? (isProof ? PROOF : undefined)
const entry = new URL('without-repair.ts', import.meta.url).pathname
const topology =
  values.on === 'kafka' ? kafkaTopology({ withoutTokens }) : embeddedTopology(withoutRepair ? { entry } : {})
write(`seed ${values.seed} on ${values.on}${isProof ? ', the audit must find something' : ''}`)
// This also ends what was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const started = Date.now()
const result = await runChaos({
  topology,
  seed: Number(values.seed),
  runs: Number(values.runs),
  first: Number(values.first),
  auditEvery: Number(values['audit-every']),
  ...(only === undefined ? {} : { only }),
  isEven: values.even,
  stopAtFinding: true,
  log: write,
})
const minutes = ((Date.now() - started) / 60_000).toFixed(1)
write(
  `${result.runs} runs in ${minutes} min: ${[...result.faults].map(([name, n]) => `${name} ${n}`).join(', ')}`,
)
write(
  `${result.acknowledgedSpans} spans in ${result.acknowledgedBatches} requests and ${result.acknowledgedSamples} samples ` +
    `acknowledged, ${result.unansweredBatches} requests unanswered, ${result.audits} audits, ${result.findings.length} findings`,
)
write(
  `memory: ${[...result.memory].map(([name, bytes]) => `${name} ${Math.round(bytes / 1e6)} MB`).join(', ')}`,
)
process.exit(result.findings.length > 0 === isProof ? 0 : 1)

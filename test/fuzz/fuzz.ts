/**
 * Mutated payloads against decoders and doors; test/fuzz/README.md says what must hold.
 *
 *   npm run fuzz -- --signal traces --count 10000000 --seed 1
 *   ... --first 2560000 --minutes 8      from this case on, for so long
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Builders } from '../../collector/otlp/signals.ts'
import { parseArgs } from '../support/arguments.ts'
import { BATCH, FuzzFailure, fuzzDecoder } from './decoder-run.ts'
import { fuzzDoor } from './door-run.ts'
import { doorsOf, type FuzzInput, INPUTS } from './inputs.ts'
import { type KeptRecord, loadRecords } from './load-records.ts'
import { startWatchdog } from './watchdog.ts'

// Most cases end in an error: its stack trace would cost more than the case.
Error.stackTraceLimit = 0

const { values } = parseArgs({
  options: {
    signal: { type: 'string', default: 'traces' },
    count: { type: 'string', default: '1000000' },
    first: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1000' },
    door: { type: 'string', default: 'all' },
    'judge-one-in': { type: 'string', default: '100' },
    'door-one-in': { type: 'string', default: '200' },
  },
})
const input = INPUTS.find(candidate => candidate === values.signal)
if (input === undefined) throw new Error(`--signal is one of ${INPUTS.join(', ')}.`)
const first = Math.floor(Number(values.first) / BATCH) * BATCH
const count = Number(values.count)
const seed = Number(values.seed)
const until = performance.now() + Number(values.minutes) * 60_000
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Records of the last batches, of each builder, which the engine loads at the end. */
const KEPT = 3
const kept = new Map<keyof Builders, KeptRecord[]>()

function keep(builder: keyof Builders, record: Uint8Array, rows: number): void {
  const list = kept.get(builder) ?? []
  kept.set(builder, list)
  list.push({ record: Uint8Array.from(record), rows })
  if (list.length > KEPT) list.shift()
}

function keepPayload(chosen: FuzzInput, { payload }: FuzzFailure): void {
  const name = createHash('sha256').update(payload.bytes).digest('hex').slice(0, 12)
  const file = new URL(
    `corpus/${chosen}-${name}.${payload.encoding === 'protobuf' ? 'bin' : payload.encoding}`,
    import.meta.url,
  )
  writeFileSync(file, payload.bytes)
  say(`kept as ${file.pathname}`)
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
const watchdog = startWatchdog()
const startedMs = performance.now()
try {
  const isOver = (): boolean => performance.now() >= until
  const cpuBefore = process.cpuUsage()
  const report = fuzzDecoder({
    input,
    seed,
    first,
    count,
    judgeOneIn: Number(values['judge-one-in']),
    isOver,
    onCase: watchdog.onCase,
    onRecord: keep,
  })
  const { user, system } = process.cpuUsage(cpuBefore)
  const seconds = (performance.now() - startedMs) / 1000
  await watchdog.stop()
  const { cases, accepted, refused, rows, rejectedItems, judged, slowestMs, grownBytes } = report
  say(
    `${input}, seed ${seed}: cases ${first} to ${first + cases}, ${accepted} accepted, ${refused} refused; ${rows} rows, ` +
      `${rejectedItems} items rejected`,
  )
  say(
    `judged by the independent decoder: ${judged.same} the same, ${judged.refused} refused, ${judged.unread} with a fault in ` +
      `what is not read`,
  )
  say(
    `${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s CPU, ${Math.round(cases / ((user + system) / 1e6))} cases a ` +
      `CPU second; slowest ${slowestMs.toFixed(1)} ms; memory grown by ${mib(grownBytes)}, RSS ${mib(process.memoryUsage.rss())}`,
  )
  const oneIn = Number(values['door-one-in'])
  for (const [name, open] of Object.entries(doorsOf(input))) {
    if (values.door !== 'all' && values.door !== name) continue
    const cpuBeforeDoor = process.cpuUsage()
    const door = await fuzzDoor({
      input,
      open,
      seed,
      first: Math.floor(first / oneIn),
      count: Math.ceil(cases / oneIn),
    })
    const used = process.cpuUsage(cpuBeforeDoor)
    say(
      `door ${name}: ${door.requests} requests, ${JSON.stringify(door.statuses)}; ${door.rows} rows acknowledged and found; ` +
        `${((used.user + used.system) / 1e6).toFixed(1)} s CPU, RSS ${mib(process.memoryUsage.rss())}`,
    )
  }
  say(`engine: ${await loadRecords(kept)} rows of the last records loaded`)
} catch (error) {
  if (error instanceof FuzzFailure) keepPayload(input, error)
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
  await watchdog.stop()
}

/**
 * A storm of alerts: thousands fire and end at once, receivers misbehave, and the process is killed; README.md says what must hold.
 *
 *   npm run storm -- --alerts 10000 --kills 20 --minutes 15 --seed 1
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from '../support/arguments.ts'
import { seededRandom } from '../support/random.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { judge } from './judge.ts'
import { KINDS, openReceivers } from './receivers.ts'
import { unreached } from './unreached.ts'

const { values } = parseArgs({
  options: {
    alerts: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '15' },
  },
})
const [alerts, kills, seed] = [Number(values.alerts), Number(values.kills), Number(values.seed)]
const startMs = performance.now()
const endMs = startMs + Number(values.minutes) * 60_000
const random = seededRandom(seed)
const receivers = await openReceivers(random)
const data = mkdtempSync(join(tmpdir(), 'wattline-storm-'))

/** While it `fires`, every alert is bad; afterwards all are good. */
function configure(fires: boolean): void {
  const kinds = KINDS.map(kind => `'${kind}'`).join(', ')
  const urlOf = (kind: string): string =>
    `http://${kind === 'private' ? '127.0.0.2' : '127.0.0.1'}:${receivers.port}/${kind}`
  writeFileSync(
    join(data, 'wattline.yaml'),
    `
metering: {lateness: 0s}
alerts:
  delay: 0s
  groups:
    - name: storm
      interval: 5s
      rules:
        - alert: Storm
          sql: "SELECT concat('a', toString(number)) AS name, [${kinds}][number % ${KINDS.length} + 1] AS kind, ${fires ? 1 : 0} AS value FROM (SELECT arrayJoin(range(${alerts})) AS number)"
          above: 0.5
  receivers:
${KINDS.map(kind => `    - {name: ${kind}, kind: webhook, url: "${urlOf(kind)}", timeout: 2s}`).join('\n')}
  routes:
${KINDS.map(kind => `    - {match: {kind: ${kind}}, receiver: ${kind}, group_by: [name], group_wait: 0s, group_interval: 1s, repeat_interval: 30d}`).join('\n')}
  allow_addresses: [127.0.0.1]
`,
  )
}

const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`)

/** Longest wait for requests before the next kill. */
const IDLE_MS = 60_000

/** Kills the process in the middle of what it sends: after a random part of what is left. */
async function untilKilled(left: number, missing: number): Promise<void> {
  const wanted = receivers.got.length + 1 + Math.floor((random() * 2 * missing) / (left + 1))
  const untilMs = performance.now() + IDLE_MS
  while (receivers.got.length < wanted && performance.now() < untilMs) await delay(5)
}

/** Waits until all that can be delivered was, killing the process on the way; gives what is wrong with the rest. */
async function through(status: 'firing' | 'resolved', deaths: number): Promise<readonly string[]> {
  configure(status === 'firing')
  let wattline: WattlineProcess = await startProcess({ data })
  for (let left = deaths, said = ''; ; ) {
    const { missing } = judge(receivers, alerts, status)
    const progress = `${status}: ${missing.length} of ${alerts} alerts to go, ${left} kills left`
    if (progress !== said) say(progress)
    said = progress
    if (missing.length === 0 && left <= 0) break
    if (performance.now() > endMs) break
    if (left <= 0) {
      await delay(2_000)
      continue
    }
    await untilKilled(left, missing.length)
    left -= 1
    await wattline.end('SIGKILL')
    wattline = await startProcess({ data })
  }
  const findings = await unreached(wattline, alerts, status, endMs)
  await wattline.end('SIGTERM')
  return findings
}

const findings = [
  ...(await through('firing', Math.ceil(kills / 2))),
  ...(await through('resolved', Math.floor(kills / 2))),
  ...judge(receivers, alerts, 'firing').findings,
  ...judge(receivers, alerts, 'resolved').findings,
]
for (const finding of findings.slice(0, 20)) say(`FINDING ${finding}`)
const attempts = receivers.got.length
const seconds = Math.round((performance.now() - startMs) / 1000)
const accepted = receivers.got.filter(({ isAccepted }) => isAccepted).length
say(
  `${alerts} alerts, ${kills} kills, ${attempts} requests, ${accepted} accepted, ${seconds} s, ${findings.length} findings`,
)
receivers.close()
if (findings.length === 0) rmSync(data, { recursive: true, force: true })
else say(`the data is kept: ${data}`)
process.exitCode = findings.length === 0 ? 0 : 1

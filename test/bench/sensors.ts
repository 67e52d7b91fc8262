/**
 * What the sensors cost on a machine with many processes, beside what Kepler publishes of itself (13 ms a round, 0.12 % of
 * a core at 5 s).
 *
 *   node test/bench/sensors.ts [--processes 500] [--rounds 100] [--interval 5]
 *
 * Starts that many sleeping processes, then makes rounds of all sensors of this machine one after another, as the loop does
 * every interval. Printed are the median and the 99th percentile of the time of a round, and its CPU time (user and system)
 * as a share of a core at the interval. Exits 1 if a round takes more than 20 ms of CPU, or 0.5 % of a core: on a busy
 * machine, the time that passes is that of others.
 */
import { spawn } from 'node:child_process'
import { startExits } from '../../collector/sensors/exits/report.ts'
import { counterLives } from '../../collector/sensors/host/counter-epoch.ts'
import { kernelFiles } from '../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../collector/sensors/host/host-identity.ts'
import { rootsUnder } from '../../collector/sensors/host/sensor.ts'
import { meterWatch, openMeters } from '../../collector/sensors/meters.ts'
import { cpuTimeSensor } from '../../collector/sensors/proc/cpu-time.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { parseArgs } from '../support/arguments.ts'

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '100' },
    interval: { type: 'string', default: '5' },
  },
})
const MOST_MS = 20
const MOST_SHARE = 0.005
/** The first rounds read names and compile. */
const WARM_UP = 20

const sleeping = Array.from({ length: Number(values.processes) }, () =>
  spawn('sleep', ['600'], { stdio: 'ignore' }),
)
process.once('exit', () => {
  for (const child of sleeping) child.kill('SIGKILL')
})
await new Promise(resolve => setTimeout(resolve, 500))

const files = kernelFiles()
const roots = rootsUnder('/')
const { sensors: config } = configSchema.parse({})
const identity = hostIdentity(files, roots, 'default', config)
const options = {
  config,
  events: { emit: () => {} },
  files,
  roots,
  identity,
  runId: 'bench',
  lives: counterLives(),
}
const exits = startExits(options)
console.log(exits === undefined ? 'without exit accounting' : 'with exit accounting')
const sensors = [cpuTimeSensor({ ...options, exits }), ...openMeters(options)]
const watch = meterWatch(files, roots)

const wallMs: number[] = []
let cpuUs = 0
let readings = 0
for (let round = -WARM_UP; round < Number(values.rounds); round++) {
  const [startedMs, before] = [performance.now(), process.cpuUsage()]
  watch.hasChanged()
  const timestampUnixNano = BigInt(Date.now()) * 1_000_000n
  readings = sensors.reduce((sum, sensor) => sum + sensor.read({ timestampUnixNano }).length, 0)
  const { user, system } = process.cpuUsage(before)
  if (round < 0) continue
  wallMs.push(performance.now() - startedMs)
  cpuUs += user + system
  // Others get their turn, as between two rounds.
  await new Promise(resolve => setTimeout(resolve, 10))
}
wallMs.sort((a, b) => a - b)
const at = (share: number): number => wallMs[Math.min(wallMs.length - 1, Math.floor(wallMs.length * share))]!
const cpuMs = cpuUs / wallMs.length / 1000
const share = cpuMs / (Number(values.interval) * 1000)
const seen = files.names(roots.proc).filter(name => /^\d+$/.test(name)).length
console.log(`${seen} processes, ${readings} readings a round, ${wallMs.length} rounds`)
console.log(
  `a round: ${at(0.5).toFixed(1)} ms (99th percentile ${at(0.99).toFixed(1)} ms), ${cpuMs.toFixed(1)} ms of CPU`,
)
console.log(
  `at ${values.interval} s: ${(100 * share).toFixed(2)} % of a core (Kepler publishes 13 ms and 0.12 %)`,
)
process.exit(cpuMs <= MOST_MS && share <= MOST_SHARE ? 0 : 1)

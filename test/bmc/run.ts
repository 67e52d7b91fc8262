/**
 * `npm run test:bmc`: real simulators of controllers, read by a Wattline process, into the books. OpenIPMI's `ipmi_sim`
 * is the controller of this machine, whose RAPL counters are a made-up tree, and once more one that shows its power by a sensor
 * alone; sushy-static is that of another machine. For a whole minute, the books must hold exactly what the readings add up to, and the readings what was shown. About four
 * minutes. Exits 1 on any difference, and if a simulator cannot be had here, which is said.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UsageAnswer } from '../../core/api/usage.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { area, counted, isRounded, type Sample } from './oracle.ts'
import { ipmiPrograms, redfishProgram } from './programs.ts'
import { ACCOUNT, type Simulator, startIpmi, startRedfish, writeAtOnce } from './simulators.ts'

const STEP_MS = 500
const folder = mkdtempSync(join(tmpdir(), 'wattline-bmc-'))
const problems: string[] = []

async function had(name: string, start: () => Promise<Simulator>): Promise<Simulator | null> {
  try {
    return await start()
  } catch (error) {
    problems.push(`${name} was left out: ${(error as Error).message}`)
    return null
  }
}
const ipmi = await had('ipmi_sim', () => startIpmi(ipmiPrograms(), join(folder, 'ipmi')))
const sensors = await had('ipmi_sim with sensors', () =>
  startIpmi(ipmiPrograms(), join(folder, 'sensors'), 'sensor'),
)
const redfish = await had('sushy-static', () => startRedfish(redfishProgram(), join(folder, 'redfish')))

const root = join(folder, 'root')
const zone = join(root, 'sys/class/powercap/intel-rapl:0')
for (const path of [zone, join(root, 'proc/sys/kernel/random'), join(root, 'etc')])
  mkdirSync(path, { recursive: true })
writeFileSync(join(zone, 'name'), 'package-0\n')
writeFileSync(join(zone, 'max_energy_range_uj'), '262143328850\n')
writeFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'boot-1\n')

/** Watts and counters of this moment: never the same twice in a row, and RAPL below the machine. */
let steps = 0
let joules = 1000
let raplUj = 5_000_000_000n
function show(): void {
  steps += 1
  const watts = 200 + ((steps * 37) % 101)
  joules += Math.round((watts * STEP_MS) / 10) / 100
  raplUj += BigInt(80 + (steps % 20)) * 500_000n
  ipmi?.show(watts, joules)
  sensors?.show(watts, joules)
  redfish?.show(watts, Math.round(joules * 100) / 100)
  writeAtOnce(join(zone, 'energy_uj'), `${raplUj}\n`)
}
show()

const data = join(folder, 'data')
mkdirSync(data)
writeFileSync(
  join(data, 'wattline.yaml'),
  JSON.stringify({
    sensors: {
      host_root: root,
      host_id: 'own',
      host_name: 'own',
      interval: 1,
      cpu_time: 'off',
      estimate: 'off',
      rapl: 'on',
    },
    metering: { lateness: 2 },
    bmc: {
      interval: 1,
      local: 'off',
      ipmi: [['own', ipmi] as const, ['sensors', sensors] as const].flatMap(([host, simulator]) =>
        simulator === null
          ? []
          : [{ ...ACCOUNT, privilege: 'administrator', hosts: { [host]: simulator.address } }],
      ),
      redfish: redfish === null ? [] : [{ ...ACCOUNT, hosts: { other: redfish.address } }],
    },
  }),
)

const wattline = await startProcess({ data, sensors: true })
const showing = setInterval(show, STEP_MS)
try {
  // Sessions take seconds on a busy machine.
  const startS = Math.ceil((Date.now() + 10_000) / 60_000) * 60
  await new Promise(resolve => setTimeout(resolve, (startS + 75) * 1000 - Date.now()))
  for (const [host, isThere] of [
    ['own', ipmi !== null],
    ['sensors', sensors !== null],
    ['other', redfish !== null],
  ] as const) {
    if (isThere) problems.push(...(await compare(wattline, host, startS)))
  }
} finally {
  clearInterval(showing)
  await wattline.end('SIGTERM')
  await Promise.all([ipmi?.end(), sensors?.end(), redfish?.end()])
  rmSync(folder, { recursive: true, force: true })
}
for (const problem of problems) console.log(problem)
console.log(
  problems.length === 0 ? 'The books hold what the controllers showed.' : `${problems.length} problems`,
)
process.exitCode = problems.length === 0 ? 0 : 1

interface ReadingRow {
  readonly Source: string
  readonly Quantity: string
  readonly Time: string
  readonly Value: string
}

async function compare(process: WattlineProcess, host: string, startS: number): Promise<string[]> {
  const rows = await process.sql<ReadingRow>(
    `SELECT Source, Quantity, toString(toUnixTimestamp64Nano(Timestamp)) AS Time, toString(Value) AS Value FROM readings WHERE Host = '${host}' ORDER BY Timestamp`,
  )
  const of = (source: string, quantity: string): Sample[] =>
    rows
      .filter(row => row.Source === source && row.Quantity === quantity)
      .map(row => [BigInt(row.Time), BigInt(row.Value)])
  const [fromNs, toNs] = [startS, startS + 60].map(seconds => BigInt(seconds) * 1_000_000_000n) as [
    bigint,
    bigint,
  ]
  const whole =
    host === 'other'
      ? counted(of('redfish', 'energy'), fromNs, toNs)
      : area(of('ipmi', 'power'), fromNs, toNs)
  const found: string[] = []
  const booked = await waitForLedger(process, host, startS)
  const total = booked.reduce((sum, { Uj }) => sum + BigInt(Uj), 0n)
  const usage = await usageOf(process, host, startS)
  if (usage !== total) found.push(`${host}: the usage API answers ${usage} µJ, booked ${total}`)
  const boundaries = new Set(booked.map(({ Boundary }) => Boundary))
  console.log(
    `${host}: ${rows.length} readings, ${Number(total) / 1e6} J booked, components ${booked.map(({ Component }) => Component).join(' ')}`,
  )
  if (!isRounded(total, whole))
    found.push(`${host}: booked ${total} µJ, the meter counted ${Number(whole.over / whole.under)} µJ`)
  if ([...boundaries].join() !== 'host') found.push(`${host}: boundary ${[...boundaries].join()}`)
  if (host === 'own') {
    const inside = counted(of('rapl', 'energy'), fromNs, toNs)
    const cpu = booked
      .filter(({ Component }) => Component === 'cpu')
      .reduce((sum, { Uj }) => sum + BigInt(Uj), 0n)
    if (!isRounded(cpu, inside))
      found.push(`own: cpu ${cpu} µJ, RAPL counted ${Number(inside.over / inside.under)} µJ`)
  }
  const watts = of(host === 'other' ? 'redfish' : 'ipmi', 'power')
  const wrong = watts.filter(([, mw]) => mw % 1000n !== 0n || mw < 200_000n || mw > 300_000n)
  if (watts.length < 60) found.push(`${host}: ${watts.length} readings of power in ${rows.length}`)
  if (wrong.length > 0) found.push(`${host}: ${wrong.length} readings were never shown`)
  if (new Set(watts.map(([, mw]) => mw)).size < 30)
    found.push(`${host}: readings do not follow what is shown`)
  return found
}

/** µJ of the host in that minute, as the usage API answers. */
async function usageOf(process: WattlineProcess, host: string, startS: number): Promise<bigint> {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
  const response = await fetch(
    `${process.http}/api/v1/usage?window=${iso(startS)},${iso(startS + 60)}&filter=host:${host}&include_idle=true`,
  )
  if (!response.ok) throw new Error(`usage: ${response.status} ${await response.text()}`)
  return BigInt(((await response.json()) as UsageAnswer).total.energy_uj)
}

async function waitForLedger(process: WattlineProcess, host: string, startS: number) {
  const query = `SELECT Component, Boundary, toString(sum(EnergyUj)) AS Uj FROM ledger WHERE Host = '${host}' AND WindowStart = toDateTime(${startS}) GROUP BY Component, Boundary ORDER BY Component`
  for (let attempt = 0; attempt < 60; attempt++) {
    const rows = await process.sql<{ Component: string; Boundary: string; Uj: string }>(query)
    if (rows.length > 0) return rows
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
  return []
}

/**
 * `npm run test:meters`: a Wattline process as a user starts it reads a made-up machine: powercap and hwmon trees, and seven boards
 * behind a stand-in for libnvidia-ml.so.1, through the real foreign functions. What it reads must be what was shown; what it
 * books of a whole minute must be what an oracle makes of the readings; and the usage API must answer the books, exactly. Two to
 * three minutes. Exits 1 on any difference.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UsageAnswer } from '../../core/api/usage.ts'
import { fakeNvml } from '../collector/sensors/nvml/fake.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { type BookRow, judge, type ReadingRow } from './judge.ts'
import { IDLE_WATTS, STEP_MS, startMachine } from './machine.ts'

const folder = mkdtempSync(join(tmpdir(), 'wattline-meters-'))
const root = join(folder, 'root')
const data = join(folder, 'data')
for (const path of [root, join(root, 'etc'), data]) mkdirSync(path)
const library = fakeNvml()
const machine = startMachine(root, library)

/** The first whole minute in which the process reads everything. */
let startS = Number.POSITIVE_INFINITY
const step = (): void => machine.step(Date.now() / 1000 - startS)
step()

writeFileSync(
  join(data, 'wattline.yaml'),
  JSON.stringify({
    sensors: {
      ...{ host_root: root, host_id: 'own', host_name: 'own', interval: 1 },
      ...{ estimate: 'off', battery: 'off', guest: 'off', gpu: 'on', nvml_library: library.path },
    },
    bmc: { local: 'off' },
    metering: { lateness: 3, gap: 30, gpu_idle_watts: [{ watts: IDLE_WATTS }] },
  }),
)

const problems: string[] = []
const showing = setInterval(step, STEP_MS)
const wattline = await startProcess({ data, sensors: true })
startS = Math.ceil((Date.now() + 10_000) / 60_000) * 60
try {
  await new Promise(resolve => setTimeout(resolve, (startS + 72) * 1000 - Date.now()))
  const books = await bookedRows(wattline)
  const readings = await wattline.sql<ReadingRow>(
    `SELECT Quantity, Domain, Device, WorkloadId, BootId, toString(toUnixTimestamp64Nano(Timestamp)) AS Time, toString(Value) AS Value FROM readings WHERE Host = 'own' ORDER BY Timestamp LIMIT 1000000`,
  )
  const [fromNs, toNs] = [BigInt(startS) * 1_000_000_000n, BigInt(startS + 60) * 1_000_000_000n]
  problems.push(...judge({ readings, books, machine, fromNs, toNs }))
  problems.push(...(await judgeUsage(wattline, books)))
  const joules = books.reduce((sum, row) => sum + Number(row.Uj), 0) / 1e6
  console.log(`${readings.length} readings, ${books.length} entries, ${joules} J`)
} finally {
  clearInterval(showing)
  await wattline.end('SIGTERM')
  library.remove()
  rmSync(folder, { recursive: true, force: true })
}
for (const problem of problems) console.log(problem)
console.log(problems.length === 0 ? 'The books hold what the meters showed.' : `${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1

async function bookedRows(process: WattlineProcess): Promise<readonly BookRow[]> {
  const query = `SELECT Component, Share, WorkloadId, toString(sum(EnergyUj)) AS Uj, toString(sum(CpuUs)) AS CpuUs, toString(sum(GpuUs)) AS GpuUs, toString(max(CapacityUs)) AS CapacityUs
FROM ledger WHERE Host = 'own' AND WindowStart = toDateTime(${startS}) GROUP BY Component, Share, WorkloadId ORDER BY ALL`
  for (let attempt = 0; attempt < 60; attempt++) {
    const rows = await process.sql<BookRow>(query)
    if (rows.length > 0) return rows
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
  throw new Error('nothing was booked')
}

/** Every row of the answer is the sum of its entries, and the total the sum of all. */
async function judgeUsage(process: WattlineProcess, books: readonly BookRow[]): Promise<string[]> {
  const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()
  const window = `${iso(startS)},${iso(startS + 60)}`
  const response = await fetch(
    `${process.http}/api/v1/usage?window=${window}&group_by=component,share,workload_id&include_idle=true&limit=1000`,
  )
  if (!response.ok) return [`usage: ${response.status} ${await response.text()}`]
  const answer = (await response.json()) as UsageAnswer
  const keyed = (rows: readonly (readonly [string, bigint, bigint])[]): string =>
    rows
      .map(row => row.join(' '))
      .sort()
      .join('\n')
  const told = answer.rows.map(
    ({ group, energy_uj: uj, gpu_us: us }) =>
      [`${group['component']} ${group['share']} ${group['workload_id']}`, BigInt(uj), BigInt(us)] as const,
  )
  const booked = books.map(
    row => [`${row.Component} ${row.Share} ${row.WorkloadId}`, BigInt(row.Uj), BigInt(row.GpuUs)] as const,
  )
  const total = booked.reduce((sum, [, uj]) => sum + uj, 0n)
  const found: string[] = []
  if (keyed(told) !== keyed(booked)) found.push(`usage answers ${told.length} rows that are not the books`)
  if (BigInt(answer.total.energy_uj) !== total)
    found.push(`usage: total ${answer.total.energy_uj}, booked ${total}`)
  return found
}

// Guarantees: whatever fails between two instances (requests that never arrive, answers that are lost, requests that arrive
// twice or late, senders and receivers that end between any two steps), every row that is in the sender's log gets into
// the receiver's streams once, in the order of its partition, in one transaction with what says that it is there; readings
// get into the partition of their host. Seeded: a failing run prints its seed.
import { expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { FORWARD_HEADERS } from '../../../core/model/forwarding.ts'
import { partitionOf } from '../../../core/model/partition.ts'
import { logs, readings } from '../../../core/model/streams/index.ts'
import type { HttpClient } from '../../../processors/forward/http-client.ts'
import type { Runner } from '../../../processors/loop/runner.ts'
import { seededRandom } from '../../support/random.ts'
import { runs } from '../../support/runs.ts'
import { admitInto, caughtUp, forwardTo, httpTo, openLog, readStream, run, startReceiver } from './rig.ts'
import { logRecord, readingRecord, readingRow } from './rows.ts'

const SENDER_PARTITIONS = 2
const RECEIVER_PARTITIONS = 3
const HOSTS = ['a', 'b', 'c', 'd', 'e']
/** Senders wait twice as long after each loss: without a limit a run of bad luck takes longer than the test may. */
const MOST_LOSSES_IN_A_ROW = 4

/** A way on which requests and answers get lost, come twice, and come late: after others that were sent later. */
function faulty(http: HttpClient, random: () => number, late: Promise<unknown>[]): HttpClient {
  const lost = (): WattlineError =>
    new WattlineError('uplink_unavailable', 'cut.', { retryAfterSeconds: 0.001 })
  const losses = new Map<string, number>()
  return {
    post: async (path, headers, body, signal) => {
      const send = () => http.post(path, headers, body, new AbortController().signal)
      const sender = `${path} ${headers[FORWARD_HEADERS.partition]}`
      const lostBefore = losses.get(sender) ?? 0
      const fate = lostBefore < MOST_LOSSES_IN_A_ROW ? random() : 1
      losses.set(sender, fate < 0.4 ? lostBefore + 1 : 0)
      if (fate < 0.15) throw lost()
      if (fate < 0.3) {
        await send()
        throw lost()
      }
      if (fate < 0.4) {
        const copy = Buffer.from(body)
        const again = new Promise(resolve => setTimeout(resolve, 30 * random())).then(() =>
          http.post(path, headers, copy, new AbortController().signal),
        )
        // Whether it arrives is nobody's concern: that it does no harm is.
        late.push(again.catch(() => undefined))
        throw lost()
      }
      if (fate < 0.5) await send()
      return http.post(path, headers, body, signal)
    },
    close: () => http.close(),
  }
}

async function simulate(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const sender = await openLog(SENDER_PARTITIONS)
  const receiver = await openLog(RECEIVER_PARTITIONS)
  const door = await startReceiver(receiver.broker)
  const late: Promise<unknown>[] = []
  const client = faulty(httpTo(door.url), random, late)
  const mayFail = (): boolean => random() < 0.1
  let running: Runner[] = []
  const restart = async (isFaulty: boolean): Promise<void> => {
    await Promise.all(running.map(runner => runner.stop()))
    const fails = isFaulty ? mayFail : () => false
    running = [
      await run(sender.broker, forwardTo(client), fails),
      await run(receiver.broker, admitInto(receiver.broker), fails),
    ]
  }
  const sent: string[][] = Array.from({ length: SENDER_PARTITIONS }, () => [])
  const values = new Map(HOSTS.map(host => [host, 0n]))
  for (let round = 0; round < runs(5); round++) {
    await restart(true)
    for (let record = 0; record < 6; record++) {
      const partition = Math.floor(random() * SENDER_PARTITIONS)
      const names = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => {
        return `${partition}:${(sent[partition]!.length + i).toString().padStart(6, '0')}`
      })
      sent[partition]!.push(...names)
      await sender.broker.append('logs', partition, [logRecord(names)])
      const rows = HOSTS.filter(
        host => partitionOf('default', host, SENDER_PARTITIONS) === partition && random() < 0.8,
      ).map(host => {
        values.set(host, values.get(host)! + 1n)
        return readingRow(host, values.get(host)!)
      })
      if (rows.length > 0) await sender.broker.append('readings', partition, [readingRecord(rows)])
    }
    await new Promise(resolve => setTimeout(resolve, 40 * random()))
  }
  await restart(false)
  const deadlineMs = performance.now() + 90_000
  for (;;) {
    const sentLate = late.length
    await Promise.all(late)
    const isDone =
      late.length === sentLate &&
      (await caughtUp(sender.broker, 'forward', ['logs', 'readings'])) &&
      (await caughtUp(receiver.broker, 'admit', ['forwarded']))
    if (isDone) break
    const problems = running.flatMap(runner => runner.problems())
    if (problems.some(problem => problem.includes('stopped:')) || performance.now() > deadlineMs) {
      throw new Error(`it does not catch up: ${problems.join('; ')}`)
    }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  await Promise.all(running.map(runner => runner.stop()))

  const foundLogs = await readStream(receiver.broker, logs)
  for (const [partition, names] of sent.entries()) {
    const bodies = foundLogs.flatMap(({ rows }) => rows.map(row => row.Body))
    expect(bodies.filter(body => body.startsWith(`${partition}:`))).toEqual(names)
  }
  const foundReadings = await readStream(receiver.broker, readings)
  for (const host of HOSTS) {
    const own = foundReadings.flatMap(({ partition, rows, record }) =>
      rows
        .filter(row => row.Host === host)
        .map(row => ({ partition, value: row.Value, headers: record.headers })),
    )
    const expected = Array.from({ length: Number(values.get(host)) }, (_, i) => BigInt(i + 1))
    expect(own.map(({ value }) => value)).toEqual(expected)
    const place = partitionOf('default', host, RECEIVER_PARTITIONS)
    expect(own.every(({ partition, headers }) => partition === place && headers['forwarded'] === '1')).toBe(
      true,
    )
  }
  client.close()
  await door.stop()
  await sender.destroy()
  await receiver.destroy()
}

const FIRST = Number(process.env['WATTLINE_TEST_SEED'] ?? 1)
const RUNS = Number(process.env['WATTLINE_TEST_RUNS'] ?? runs(1))

it.each(Array.from({ length: RUNS }, (_, i) => FIRST + i))(
  'loses and repeats nothing (seed %i)',
  simulate,
  120_000,
)

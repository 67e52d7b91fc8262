/**
 * Guarantees: with exit accounting, what processes used after they were last seen is counted for their own workload, once:
 * whether they were seen before, end while a round is read, or wait for their parent; those of control groups that count
 * for themselves are left to them.
 */
import { expect, test } from 'vitest'
import type { ProcessExit } from '../../../../collector/sensors/exits/process-exits.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { cpuTimeSensor } from '../../../../collector/sensors/proc/cpu-time.ts'
import { type Files, machine, statLine, type Tree, tree } from '../tree.ts'

const ID = '0123456789abcdef'.repeat(4)

/** A machine of which the kernel reports the ends of processes. */
function open(fixture: Tree) {
  const files = kernelFiles()
  const waiting: ProcessExit[] = []
  const sensor = cpuTimeSensor({
    files,
    roots: fixture.roots,
    identity: hostIdentity(files, fixture.roots, 'acme', {}),
    runId: 'run1',
    exits: { take: () => waiting.splice(0) },
  })
  let seconds = 1000
  return (write: Files, exits: readonly ProcessExit[] = []): Record<string, bigint> => {
    waiting.push(...exits)
    fixture.write({ ...machine(seconds), ...write })
    const readings = sensor.read({ timestampUnixNano: BigInt(seconds) * 1_000_000_000n })
    const at = BigInt(seconds) * 1_000_000_000n
    seconds += 5
    const own = readings.filter(one => one.Quantity === 'cpu_time' && one.WorkloadKind !== '')
    return Object.fromEntries(
      own
        .filter(({ Timestamp }) => Timestamp === at)
        .map(({ WorkloadKind, WorkloadId, Value }) => [`${WorkloadKind} ${WorkloadId}`, Value]),
    )
  }
}

const exit = (pid: number, parentPid: number, comm: string, cpuUs: number): ProcessExit => ({
  ...{ pid, parentPid, comm, cpuUs },
})

test('processes that no round saw count under their own names, through parents that have ended too', () => {
  const round = open(tree({ ...machine(), 'proc/60/stat': statLine(60, { comm: 'make' }) }))
  // What ended before the first round is of before.
  round({}, [exit(99, 60, 'cc1', 777)])
  expect(
    round({ 'proc/60/stat': statLine(60, { comm: 'make', childTicks: 400 }) }, [
      exit(71, 70, 'cc1', 1_234_567),
      exit(72, 70, 'as', 15_000),
      exit(70, 60, 'gcc', 1_000),
      // Neither it nor an ancestor was seen: it may be in a control group that counts it.
      exit(81, 80, 'probe', 50_000),
    ]),
  ).toEqual({ 'process make': 0n, 'process cc1': 1_234_567n, 'process as': 15_000n, 'process gcc': 1_000n })
  expect(round({}, [exit(73, 60, 'cc1', 433)])).toMatchObject({ 'process cc1': 1_235_000n })
})

test('a process that was seen counts what it used since', () => {
  const fixture = tree({ ...machine(), 'proc/60/stat': statLine(60, { comm: 'job', utime: 10 }) })
  const round = open(fixture)
  round({})
  expect(round({ 'proc/60/stat': statLine(60, { comm: 'job', utime: 30 }) })).toEqual({
    'process job': 200_000n,
  })
  fixture.remove('proc/60')
  expect(round({}, [exit(60, 1, 'job', 345_678)])).toEqual({ 'process job': 245_678n })
})

test('one that ends while the round is read is reported in the next one', () => {
  const fixture = tree({ ...machine(), 'proc/60/stat': statLine(60, { comm: 'job', utime: 10 }) })
  const round = open(fixture)
  round({})
  fixture.remove('proc/60')
  expect(round({})).toEqual({ 'process job': 0n })
  expect(round({}, [exit(60, 1, 'job', 130_000)])).toEqual({ 'process job': 30_000n })
})

test('one that nobody has waited for is still seen, and counts once', () => {
  const fixture = tree({ ...machine(), 'proc/60/stat': statLine(60, { comm: 'job', utime: 10 }) })
  const round = open(fixture)
  round({})
  const dead = { 'proc/60/stat': statLine(60, { comm: 'job', utime: 25 }) }
  const born = { 'proc/61/stat': statLine(61, { comm: 'tmp', utime: 4, start: 100_100 }) }
  expect(round({ ...dead, ...born }, [exit(60, 1, 'job', 255_000), exit(61, 1, 'tmp', 41_000)])).toEqual({
    'process job': 155_000n,
    'process tmp': 41_000n,
  })
  fixture.remove('proc/60', 'proc/61')
  expect(round({})).toEqual({ 'process job': 155_000n, 'process tmp': 41_000n })
})

test('processes of control groups that count for themselves are left to them', () => {
  const path = `/docker/${ID}`
  const fixture = tree({
    ...machine(),
    'sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    [`sys/fs/cgroup${path}/cpu.stat`]: 'usage_usec 1000\n',
    'proc/60/stat': statLine(60, { comm: 'app' }),
    'proc/60/cgroup': `0::${path}\n`,
    'proc/61/stat': statLine(61, { comm: 'cron' }),
    'proc/61/cgroup': '0::/\n',
  })
  const round = open(fixture)
  round({})
  expect(
    round({}, [exit(70, 60, 'sh', 100_000), exit(60, 1, 'app', 900_000), exit(71, 61, 'sh', 20_000)]),
  ).toEqual({ [`container ${ID}`]: 1000n, 'process cron': 0n, 'process sh': 20_000n })
})

/**
 * Guarantees: messages of the kernel are read as it writes them; threads add up to their process; what cannot be told apart is
 * left out; without permission the reason and the command are known; and the real kernel, where it permits, reports what
 * short-lived processes used.
 */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type ExitProblem, isExitSource, openExits } from '../../../../collector/sensors/exits/exits.ts'
import { NetlinkError, type NetlinkSocket } from '../../../../collector/sensors/exits/netlink.ts'
import { ProcessExits } from '../../../../collector/sensors/exits/process-exits.ts'
import { threadExits } from '../../../../collector/sensors/exits/taskstats.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { rootsUnder } from '../../../../collector/sensors/host/sensor.ts'
import { tree } from '../tree.ts'
import { answerTo, FAMILY, failure, report } from './kernel.ts'

describe('reports', () => {
  test('several in one datagram, with padding before the 64-bit fields or without', () => {
    const datagram = Buffer.concat([
      report({ pid: 10, tgid: 10, parent: 1, comm: 'sh', user: 1000, system: 500, flags: 0x20 }),
      report({ pid: 12, tgid: 11, parent: 9, comm: 'worker', user: 7, system: 0, isPadded: true }),
    ])
    expect(threadExits(datagram, FAMILY)).toEqual([
      {
        ...{ pid: 10, processPid: 10, parentPid: 1, name: 'sh', cpuUs: 1500 },
        ...{ isLast: true, hasForked: false },
      },
      {
        ...{ pid: 12, processPid: 11, parentPid: 9, name: 'worker', cpuUs: 7 },
        ...{ isLast: false, hasForked: false },
      },
    ])
    expect(threadExits(datagram, FAMILY + 1)).toEqual([])
  })

  test('time to the nanosecond where the kernel accounts delays', () => {
    const [exit] = threadExits(
      report({ pid: 1, tgid: 1, parent: 0, comm: 'x', user: 0, system: 0, virtualNs: 1_234_567n }),
      FAMILY,
    )
    expect(exit?.cpuUs).toBe(1234)
  })

  test('any length of a cut datagram is no exception', () => {
    const datagram = report({ pid: 10, tgid: 10, parent: 1, comm: 'sh', user: 1, system: 1 })
    for (let length = 0; length < datagram.length; length++) {
      expect(threadExits(Buffer.from(datagram.subarray(0, length)), FAMILY)).toEqual([])
    }
  })
})

describe('processes', () => {
  const thread = { parentPid: 1, name: 'x', cpuUs: 100, isLast: false, hasForked: false }

  test('end with their last thread, with the time of all and the name of the first', () => {
    const processes = new ProcessExits()
    expect(processes.take({ ...thread, pid: 8, processPid: 7, name: 'pool' })).toBeUndefined()
    expect(processes.take({ ...thread, pid: 7, processPid: 7, name: 'java' })).toBeUndefined()
    expect(processes.take({ ...thread, pid: 9, processPid: 7, name: 'gc', isLast: true })).toEqual({
      ...{ pid: 7, parentPid: 1, comm: 'java', cpuUs: 300 },
    })
    // The id is used again.
    expect(processes.take({ ...thread, pid: 7, processPid: 7, cpuUs: 5, isLast: true })?.cpuUs).toBe(5)
  })

  test('before Linux 5.19, those that ran a program', () => {
    const processes = new ProcessExits()
    expect(processes.take({ ...thread, pid: 8, processPid: null, hasForked: true })).toBeUndefined()
    expect(processes.take({ ...thread, pid: 8, processPid: null })?.cpuUs).toBe(100)
  })
})

describe('permission', () => {
  const files = kernelFiles()
  const isRoot = /^CapEff:\s*\w*[13579bdf]\w{3}$/m.test(files.text('/proc/self/status') ?? '')
  const opening = (socket: () => NetlinkSocket): ExitProblem => {
    const opened = openExits(files, rootsUnder('/'), socket)
    if (isExitSource(opened)) throw new Error('opened')
    return opened
  }

  test('a tree of files is not the running kernel', () => {
    const { roots } = tree({ 'proc/sys/kernel/random/boot_id': 'boot-1\n' })
    expect(openExits(files, roots)).toEqual({
      reason: `${roots.proc} is not of the running kernel`,
      ...{ command: '', isDenied: false },
    })
  })

  test.runIf(isRoot).each([
    ['a PID namespace', -22, /first user and PID namespaces/, /hostPID/],
    ['no capability', -1, /CAP_NET_ADMIN/, /AmbientCapabilities=CAP_NET_ADMIN/],
  ])('%s: the reason and the command', (_, result, reason, command) => {
    const problem = opening(() => answerTo(['family', result]))
    expect(problem.reason).toMatch(reason)
    expect(problem.command).toMatch(command)
    expect(problem.isDenied).toBe(true)
  })

  test.runIf(isRoot)('a kernel without taskstats', () => {
    expect(opening(() => answerTo([-2])).reason).toMatch(/CONFIG_TASKSTATS/)
  })

  test.runIf(isRoot)('reports that were lost are counted, and the others are taken', () => {
    const one = report({ pid: 10, tgid: 10, parent: 1, comm: 'sh', user: 1, system: 1, flags: 0x20 })
    const socket = answerTo(['family', 0], [failure(105), one])
    const opened = openExits(files, rootsUnder('/'), () => socket)
    if (!isExitSource(opened)) throw new Error(opened.reason)
    expect(opened.take()).toHaveLength(1)
    expect(opened.takeLosses()).toBe(1)
    expect(opened.takeLosses()).toBe(0)
    expect(opened.take()).toEqual([])
  })

  test('the kernel of this machine reports what short processes used, or says why not', () => {
    const opened = openExits(files, rootsUnder('/'))
    if (!isExitSource(opened)) {
      process.stderr.write(`SKIPPED: exits by the real kernel: ${opened.reason}\n`)
      expect(opened.reason).not.toBe('')
      return
    }
    try {
      const loop = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'
      const { pid } = spawnSync('/bin/sh', ['-c', `(${loop}) & (${loop}) & wait`])
      const exits = opened.take()
      const own = exits.find(exit => exit.pid === pid)
      expect(own).toMatchObject({ parentPid: process.pid, comm: 'sh' })
      const children = exits.filter(exit => exit.parentPid === pid)
      expect(children).toHaveLength(2)
      expect(children.every(({ comm, cpuUs }) => comm === 'sh' && cpuUs > 10_000)).toBe(true)
    } finally {
      opened.close()
    }
  })

  test('an error is told by its call', () => {
    expect(new NetlinkError('bind', 13).message).toBe('bind failed with error 13')
  })
})

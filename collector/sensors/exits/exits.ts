/**
 * Exit accounting: the kernel says of each process that ends how much CPU time it used, so processes that begin and end
 * between two rounds have an owner. It needs CAP_NET_ADMIN, in the first user and PID namespaces of the machine.
 */
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import { ERRNO, NetlinkError, type NetlinkSocket, openNetlink } from './netlink.ts'
import { type ProcessExit, ProcessExits } from './process-exits.ts'
import { familyId, familyRequest, registerRequest, resultOf, threadExits } from './taskstats.ts'

/** Processes that end, as the kernel reports them. */
export interface ExitSource {
  /** Those since the last call, in the order in which they ended. */
  take(): ProcessExit[]
  /** How often the kernel dropped reports since the last call: more ended than it keeps between two rounds. */
  takeLosses(): number
  close(): void
}

/** Why there is no exit accounting here, and what changes that. */
export interface ExitProblem {
  readonly reason: string
  /** '' where nothing changes it. */
  readonly command: string
  /** Whether it exists, but is not permitted. */
  readonly isDenied: boolean
}

/** About 16,000 reports; the kernel allocates what is used. */
const BUFFER_BYTES = 32 * 1024 * 1024
/** Per round; what is beyond is taken in the next one. */
const MOST_REPORTS = 131_072

/** Opens it, or says why not. `open`: for tests. */
export function openExits(
  files: KernelFiles,
  roots: Roots,
  open: (bufferBytes: number) => NetlinkSocket = openNetlink,
): ExitSource | ExitProblem {
  const problem = problemBefore(files, roots)
  if (problem !== null) return problem
  let socket: NetlinkSocket | undefined
  try {
    socket = open(BUFFER_BYTES)
    const family = register(socket, files.text('/sys/devices/system/cpu/possible') ?? '0')
    return sourceOf(socket, family)
  } catch (error) {
    socket?.close()
    return problemOf(error)
  }
}

/** Whether processes that end are reported. */
export const isExitSource = (opened: ExitSource | ExitProblem): opened is ExitSource => 'take' in opened

const CAP_NET_ADMIN = 12n
const DENIED: ExitProblem = {
  reason: 'the kernel reports ended processes to CAP_NET_ADMIN only',
  command:
    'systemctl edit wattline: [Service] AmbientCapabilities=CAP_NET_ADMIN (or run as root; in a container: hostPID and capability NET_ADMIN)',
  isDenied: true,
}

/** What can be known without loading foreign functions. */
function problemBefore(files: KernelFiles, { proc }: Roots): ExitProblem | null {
  const bootId = (folder: string): string | undefined => files.text(`${folder}/sys/kernel/random/boot_id`)
  if (bootId(proc) === undefined || bootId(proc) !== bootId('/proc')) {
    return { reason: `${proc} is not of the running kernel`, command: '', isDenied: false }
  }
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(files.text('/proc/self/status') ?? '')?.[1]
  const isPermitted =
    capabilities !== undefined && ((BigInt(`0x${capabilities}`) >> CAP_NET_ADMIN) & 1n) === 1n
  return isPermitted ? null : DENIED
}

/** @returns the number of the family */
function register(socket: NetlinkSocket, cpus: string): number {
  socket.send(familyRequest())
  let family: number | undefined
  // The kernel answers before `send` returns: with the family, and that there was no error.
  for (let answer = socket.receive(); answer !== null; answer = socket.receive()) {
    family ??= familyId(answer)
    const result = resultOf(answer)
    if (result !== undefined && result < 0) throw new NetlinkError('getfamily', -result)
  }
  if (family === undefined) throw new NetlinkError('getfamily', ERRNO.ENOENT)
  socket.send(registerRequest(family, cpus))
  // Reports may come before the answer; they are of before the first round.
  for (let answer = socket.receive(); answer !== null; answer = socket.receive()) {
    const result = resultOf(answer)
    if (result !== undefined && result < 0) throw new NetlinkError('register', -result)
    if (result === 0) return family
  }
  throw new Error('the kernel did not answer')
}

function problemOf(error: unknown): ExitProblem {
  if (!(error instanceof NetlinkError)) {
    return { reason: error instanceof Error ? error.message : String(error), command: '', isDenied: false }
  }
  if (error.errno === ERRNO.EPERM) return DENIED
  if (error.errno === ERRNO.EINVAL) {
    return {
      reason: 'the kernel reports ended processes to the first user and PID namespaces only',
      command: 'docker run --pid=host ..., or hostPID: true',
      isDenied: true,
    }
  }
  if (error.errno === ERRNO.ENOENT) {
    return {
      reason: 'the kernel was built without taskstats (CONFIG_TASKSTATS)',
      command: '',
      isDenied: false,
    }
  }
  return { reason: error.message, command: '', isDenied: false }
}

function sourceOf(socket: NetlinkSocket, family: number): ExitSource {
  const processes = new ProcessExits()
  let losses = 0
  return {
    take() {
      const found: ProcessExit[] = []
      for (let reports = 0; reports < MOST_REPORTS; reports++) {
        try {
          const datagram = socket.receive()
          if (datagram === null) break
          for (const thread of threadExits(datagram, family)) {
            const exit = processes.take(thread)
            if (exit !== undefined) found.push(exit)
          }
        } catch (error) {
          if (!(error instanceof NetlinkError) || error.errno !== ERRNO.ENOBUFS) throw error
          losses += 1
        }
      }
      return found
    },
    takeLosses() {
      const taken = losses
      losses = 0
      return taken
    },
    close: () => socket.close(),
  }
}

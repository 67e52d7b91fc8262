/** Opens counters of perf by the system call, which Node.js does not offer. They are read like files. */
import { closeSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'

/** What is counted: the first fields of `struct perf_event_attr`, on one CPU. */
export interface CounterOptions {
  readonly type: number
  readonly config: bigint
  readonly cpu: number
}

/** An open counter. */
export interface PerfCounter {
  /** Counts since it was opened. @throws Error where it cannot be read */
  read(): bigint
  close(): void
}

/** The kernel refused. */
export class PerfError extends Error {
  readonly errno: number

  constructor(errno: number) {
    super(`perf_event_open failed with error ${errno}`)
    this.errno = errno
  }

  /** Not this user, or not in this container. */
  get isDenied(): boolean {
    return this.errno === EPERM || this.errno === EACCES
  }
}

const EPERM = 1
const EACCES = 13
const ENOSYS = 38
/** Number of the call by architecture. */
const CALL: Readonly<Record<string, number>> = { x64: 298, arm64: 241 }
/** The first version of the structure: all that counting needs. */
const ATTRIBUTE_BYTES = 64
const CLOSE_ON_EXEC = 8
const ALL_PROCESSES = -1
const NO_GROUP = -1

type SystemCall = (number: number, ...args: readonly unknown[]) => number | bigint
let call: { readonly system: SystemCall; readonly errno: () => number } | undefined

/** Foreign functions are loaded only by who needs them: they take some megabytes. */
function systemCall(): NonNullable<typeof call> {
  if (call !== undefined) return call
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi').default
  const parameters = ['long', 'void *', 'int', 'int', 'int', 'unsigned long']
  const system = koffi.load(null).func('syscall', 'long', parameters) as unknown as SystemCall
  call = { system, errno: () => koffi.errno() }
  return call
}

/** @throws PerfError */
export function openCounter({ type, config, cpu }: CounterOptions): PerfCounter {
  const number = CALL[process.arch]
  if (number === undefined) throw new PerfError(ENOSYS)
  const attribute = Buffer.alloc(ATTRIBUTE_BYTES)
  attribute.writeUInt32LE(type, 0)
  attribute.writeUInt32LE(ATTRIBUTE_BYTES, 4)
  attribute.writeBigUInt64LE(config, 8)
  const { system, errno } = systemCall()
  const descriptor = Number(system(number, attribute, ALL_PROCESSES, cpu, NO_GROUP, CLOSE_ON_EXEC))
  if (descriptor < 0) throw new PerfError(errno())
  const count = Buffer.alloc(8)
  return {
    read() {
      if (readSync(descriptor, count, 0, count.length, null) !== count.length) {
        throw new Error('A counter of perf can no longer be read.')
      }
      return count.readBigUInt64LE(0)
    },
    close: () => closeSync(descriptor),
  }
}

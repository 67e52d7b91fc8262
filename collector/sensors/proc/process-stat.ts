/** Parses one line of /proc/PID/stat from bytes: hundreds of them are read every round. */

/** The fields that rounds need. */
export interface ProcessStat {
  /**
   * Executable name in the kernel: at most 15 bytes, any byte except NUL. Made printable; invalid UTF-8 is replaced.
   */
  readonly comm: string
  readonly isKernelThread: boolean
  /** User and system time of all threads, in ticks (see TICK_US). */
  readonly cpuTicks: number
  readonly parentPid: number
  /** The same for children that ended and were waited for, and for their children. */
  readonly childTicks: number
  /** Ticks after boot; together with the pid it identifies the process, since pids are reused. */
  readonly startTicks: number
  /** Resident pages. */
  readonly residentPages: number
}

const PF_KTHREAD = 0x0020_0000
const SPACE = 0x20
const OPEN = 0x28
const CLOSE = 0x29
/** Field numbers of proc_pid_stat(5), minus the 3 before the first one that follows the name. */
const PARENT = 4 - 3
const FLAGS = 9 - 3
const UTIME = 14 - 3
const STIME = 15 - 3
const CHILD_UTIME = 16 - 3
const CHILD_STIME = 17 - 3
const START = 22 - 3
const RSS = 24 - 3

/** Undefined when the bytes are not such a line (the process ended while it was read). */
export function parseProcessStat(bytes: Uint8Array): ProcessStat | undefined {
  // The name may contain spaces and parentheses, so it ends at the last `)`: only numbers follow.
  const open = bytes.indexOf(OPEN)
  const close = bytes.lastIndexOf(CLOSE)
  if (open < 0 || close < open) return undefined
  const fields = numbersAfter(bytes, close + 2, RSS + 1)
  if (fields === undefined) return undefined
  return {
    comm: printable(bytes.subarray(open + 1, close)),
    isKernelThread: (fields[FLAGS]! & PF_KTHREAD) !== 0,
    cpuTicks: fields[UTIME]! + fields[STIME]!,
    parentPid: fields[PARENT]!,
    childTicks: fields[CHILD_UTIME]! + fields[CHILD_STIME]!,
    startTicks: fields[START]!,
    residentPages: fields[RSS]!,
  }
}

/** The first `count` fields from `start`. Signs and the state letter become numbers that are not used. */
function numbersAfter(bytes: Uint8Array, start: number, count: number): number[] | undefined {
  const fields: number[] = []
  let value = 0
  for (let at = start; at < bytes.length && fields.length < count; at++) {
    const byte = bytes[at]!
    if (byte === SPACE) {
      fields.push(value)
      value = 0
    } else if (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30)
    }
  }
  return fields.length === count ? fields : undefined
}

const decoder = new TextDecoder()

function printable(bytes: Uint8Array): string {
  // Control characters would let a process write into our tables and terminals.
  return decoder.decode(bytes).replace(/\p{Cc}/gu, '?') || '?'
}

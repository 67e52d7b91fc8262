/**
 * Ends this process even if something hangs. `process.exit` alone waits for every thread of the pool, that is, for
 * native code: an engine with a statement that does not stop, a name server that does not answer, a disk. It could wait
 * for ever.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { flushCompileCache } from 'node:module'

const SHELL = '/bin/sh'
/** An exit takes milliseconds; one that writes the compile cache takes longer, up to seconds on a busy machine. */
const EXIT_SECONDS = 4

/**
 * Exits with the code once all parts have stopped. It does not use `process.exit`, which waits for native threads: if
 * the disk is full or gone, one of them may never return, and a process that ended well would have to be killed.
 */
export function endProcess(code: number): never {
  flushCompileCache()
  endHard(code)
}

/**
 * Exits with the code when something is known to hang: another program replaces this process, and all its threads. A
 * signal at that moment still ends it, with its own status.
 */
export function endHard(code: number): never {
  // Writes pending log lines, and ends the processes that were started.
  process.emit('exit', code)
  try {
    if (existsSync(SHELL)) process.execve?.(SHELL, [SHELL, '-c', `exit ${code}`], {})
    process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {})
  } catch {
    // Not available here: the ordinary exit remains, and if it hangs it is killed.
  }
  killUnlessEnded()
  process.exit(code)
}

/**
 * Another process waits until this one closes the pipe between them, which happens when it ends. If that takes too
 * long, it kills this process.
 */
function killUnlessEnded(): void {
  const wait = `timeout ${EXIT_SECONDS} cat > /dev/null`
  // 127: the program does not exist.
  const script = `${wait}; case $? in 0 | 127) ;; *) kill -9 ${process.pid} ;; esac`
  try {
    const helper = spawn(SHELL, ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    helper.on('error', () => undefined)
    helper.unref()
  } catch {
    // No process can be started: the exit is the ordinary one.
  }
}

/**
 * Ends this process, whatever hangs in it. `process.exit` alone waits for every thread of the pool, so for native code: an
 * engine with a statement that does not stop, a name server that does not answer, a disk. It would wait for ever.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { flushCompileCache } from 'node:module'

const SHELL = '/bin/sh'
/** An exit takes milliseconds; one that writes the cache of compiled code takes longer, on a busy machine for seconds. */
const EXIT_SECONDS = 4

/**
 * Ends with the code once all parts have stopped. Not by `process.exit`, which waits for native threads: on a disk that is
 * full or gone one of them may not return, and the process would have to be killed over an end that was good.
 */
export function endProcess(code: number): never {
  flushCompileCache()
  endHard(code)
}

/**
 * Ends with the code where something is known to hang: another program takes the place of this one, and every thread with
 * it. A signal in that moment ends it all the same, with a status of its own.
 */
export function endHard(code: number): never {
  // Log lines that are on their way are written, and processes that were started are ended.
  process.emit('exit', code)
  try {
    if (existsSync(SHELL)) process.execve?.(SHELL, [SHELL, '-c', `exit ${code}`], {})
    process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${code})`], {})
  } catch {
    // Not to be had here: the ordinary way is left, and an exit that hangs is killed.
  }
  killUnlessEnded()
  process.exit(code)
}

/** Another process waits until this one has let go of the pipe between them, as it does when it ends; and then not. */
function killUnlessEnded(): void {
  const wait = `timeout ${EXIT_SECONDS} cat > /dev/null`
  // 127: there is no such program.
  const script = `${wait}; case $? in 0 | 127) ;; *) kill -9 ${process.pid} ;; esac`
  try {
    const helper = spawn(SHELL, ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    helper.on('error', () => undefined)
    helper.unref()
  } catch {
    // No process to be had: the exit is as good as it was.
  }
}

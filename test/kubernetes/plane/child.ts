/** A program of the suite: its output goes to a file, and it ends with the suite. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'

export interface Child {
  /** Last lines of its output. */
  tail(lines?: number): string
  readonly hasEnded: boolean
  stop(): Promise<void>
}

/** Starts it at a low priority: real control planes are greedy while they start. */
export function startChild(
  program: string,
  args: readonly string[],
  { log, environment = {}, cwd }: { log: string; environment?: Record<string, string>; cwd?: string },
): Child {
  const output = openSync(log, 'w')
  const child: ChildProcess = spawn('nice', ['-n', '5', program, ...args], {
    stdio: ['ignore', output, output],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    tail: (lines = 30) => readFileSync(log, 'utf8').split('\n').slice(-lines).join('\n'),
    get hasEnded() {
      return hasEnded()
    },
    async stop() {
      process.removeListener('exit', kill)
      if (hasEnded()) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const timer = setTimeout(kill, 10_000)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Asks again until `isSo` gives something. Rejects with what was last said, or what it threw. */
export async function waitFor<T>(
  what: string,
  isSo: () => Promise<T | undefined | false | null>,
  { seconds = 120, children = [] }: { seconds?: number; children?: readonly Child[] } = {},
): Promise<T> {
  const until = Date.now() + seconds * 1_000
  let last: unknown
  for (;;) {
    try {
      const found = await isSo()
      if (found !== undefined && found !== false && found !== null) return found
      last = found
    } catch (error) {
      last = error
    }
    const ended = children.find(({ hasEnded }) => hasEnded)
    if (ended !== undefined) throw new Error(`${what}: a program has ended:\n${ended.tail()}`)
    if (Date.now() > until) throw new Error(`${what}: not within ${seconds} s. Last: ${String(last)}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

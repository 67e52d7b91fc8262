import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const ENTRY = new URL('./replica-entry.ts', import.meta.url).pathname

/** A replica in a process of its own: connected, and working after the start command. */
export interface Replica {
  readonly instance: string
  readonly pid: number
  go(): void
  /** Sends SIGTERM and waits; CPU milliseconds since `go`. */
  stop(): Promise<number>
  kill(): Promise<void>
}

export async function startReplica(options: {
  readonly bootstrap: string
  readonly prefix: string
  readonly instance: string
  readonly partitions: number
}): Promise<Replica> {
  const { bootstrap, prefix, instance, partitions } = options
  const child: ChildProcess = spawn(
    process.execPath,
    ['--max-semi-space-size=4', ENTRY, bootstrap, prefix, instance, `${partitions}`],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const onExit = (): boolean => child.kill('SIGKILL')
  process.once('exit', onExit)
  child.once('exit', () => process.removeListener('exit', onExit))
  const lines: string[] = []
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      lines.push(line)
      resolve()
    })
    child.once('exit', code => reject(new Error(`the replica ended with ${code}`)))
  })
  await ready
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = once(child, 'close')
    child.kill(signal)
    await ended
  }
  return {
    instance,
    pid: child.pid as number,
    go: () => void child.stdin?.write('go\n'),
    stop: async () => {
      await end('SIGTERM')
      return Number(lines.at(-1))
    },
    kill: () => end('SIGKILL'),
  }
}

/** CPU time of a process so far, all threads, in ms: user and system, in ticks of 10 ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

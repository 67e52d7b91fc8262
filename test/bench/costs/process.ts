/** Usage of a process, from /proc: CPU seconds of all its threads, memory. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { LagAnswer } from '../../../core/api/answers.ts'

/** Clock ticks a second, as Linux reports them on all common machines. */
const TICKS = 100

export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** Largest resident set so far, and current memory without file pages, MB. */
export function memory(pid: number): { readonly peakMb: number; readonly anonymousMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return { peakMb: megabytes('VmHWM'), anonymousMb: megabytes('RssAnon') }
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** CPU seconds that an idle process uses per second. */
export async function idleRate(pids: readonly number[], seconds: number): Promise<number[]> {
  const before = pids.map(cpuSeconds)
  await pause(seconds * 1000)
  return pids.map((pid, index) => (cpuSeconds(pid) - before[index]!) / seconds)
}

/** Waits until every reader of the log has read all of it. */
export async function drained(http: string, timeoutMs = 240_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (let calm = 0; calm < 2; ) {
    const answer = await fetch(`${http}/api/v1/lag`)
    // A busy process may refuse a question.
    if (!answer.ok) {
      if (Date.now() > deadline)
        throw new Error(`/api/v1/lag answers ${answer.status}: ${await answer.text()}`)
      await pause(500)
      continue
    }
    const { partitions } = (await answer.json()) as LagAnswer
    // In Kafka the offsets of transaction ends always count as pending: at most a few per partition.
    const pending = partitions.filter(
      entry => Number(entry.pending) > 3 && entry.oldest_pending_seconds !== null,
    )
    calm = pending.length === 0 ? calm + 1 : 0
    if (Date.now() > deadline) throw new Error(`still pending: ${JSON.stringify(pending)}`)
    await pause(500)
  }
}

/** Waits until merges have settled: the process uses almost no CPU for some seconds. */
export async function calm(pid: number, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    const before = cpuSeconds(pid)
    await pause(3_000)
    if ((cpuSeconds(pid) - before) / 3 < 0.06) return
  }
}

/** Counters of /metrics with one label `stream`. */
export async function streamCounter(http: string, name: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${http}/metrics`)).text()
  const lines = text.matchAll(new RegExp(`^${name}\\{stream="(\\w+)"[^}]*\\} (\\S+)`, 'gm'))
  return new Map([...lines].map(([, stream, value]) => [stream!, Number(value)]))
}

/** Bytes of segment files by topic, all partitions, in the data folder of a broker on this machine. */
export function topicBytes(brokerPid: number): Map<string, number> {
  const data = join(readlinkSync(`/proc/${brokerPid}/cwd`), 'data')
  const bytes = new Map<string, number>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.name.endsWith('.log')) {
        const topic = folder.slice(folder.lastIndexOf('/') + 1).replace(/-\d+$/, '')
        bytes.set(topic, (bytes.get(topic) ?? 0) + statSync(path).size)
      }
    }
  }
  visit(data)
  return bytes
}

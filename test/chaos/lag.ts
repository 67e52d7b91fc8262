import { eventually } from '../support/until.ts'
import type { Member } from './member.ts'
import { pause } from './topology.ts'

interface Entry {
  readonly group: string
  readonly stream: string
  readonly partition: number
  readonly pending: string
}

/** Queries an instance until no reader of the log is behind; rejects with those that are when the time is over. */
export async function untilNothingPends(http: () => string | undefined, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs
  let said = 'nobody answered'
  for (;;) {
    const found = await pendingAt(http()).catch((error: unknown) => {
      said = String(error)
      return null
    })
    if (found?.length === 0) return
    if (found !== null) {
      said = found
        .map(({ group, stream, partition, pending }) => `${group} ${stream}/${partition}: ${pending}`)
        .join(', ')
    }
    if (Date.now() > deadline)
      throw new Error(`after ${timeoutMs} ms the log is not read to its end: ${said}`)
    await pause(200)
  }
}

async function pendingAt(http: string | undefined): Promise<Entry[]> {
  if (http === undefined) throw new Error('nobody to ask')
  const response = await fetch(`${http}/api/v1/lag`, { signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  const { partitions } = (await response.json()) as { partitions: readonly Entry[] }
  return partitions.filter(({ pending }) => pending !== '0')
}

/** Needed to understand a finding: is data lost, or still waiting? */
export async function stateOf(http: string, stderr: readonly string[]): Promise<string> {
  const ready = await (await fetch(`${http}/readyz`)).text()
  // Only a process that answers queries knows it.
  const lags = await pendingAt(http).then(JSON.stringify, () => '')
  return [ready, lags, ...stderr.slice(-20)].join('\n')
}

/** Partitions that a process has stopped, from its readiness. */
export async function stopped(member: Member): Promise<string[]> {
  const { process } = member
  if (process === null) return []
  // A process that restarts itself does not answer meanwhile.
  const ask = async (): Promise<{ readonly reasons: readonly string[] } | null> => {
    const response = await fetch(`${process.http}/readyz`).catch(() => null)
    return response === null ? null : ((await response.json()) as { reasons: readonly string[] })
  }
  const reasons = (await eventually(ask, answer => answer !== null))?.reasons ?? []
  return reasons.filter(reason => reason.includes(' stopped: ')).map(reason => `${member.name}: ${reason}`)
}

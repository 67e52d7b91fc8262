/** What the receivers must have got. */
import { KINDS, type Kind, type Receivers } from './receivers.ts'

/** Alerts that no receiver has accepted in this state yet, and what is wrong. */
export interface Judgement {
  readonly missing: readonly string[]
  readonly findings: readonly string[]
}

const UNREACHABLE: readonly Kind[] = ['gone', 'private']

/** @param alerts number of alerts; alert `n` is named `an` and of the kind `n` modulo the number of kinds */
export function judge(
  { got, strays }: Pick<Receivers, 'got' | 'strays'>,
  alerts: number,
  status: 'firing' | 'resolved',
): Judgement {
  const ids = new Map<string, Set<string>>()
  const accepted = new Map<string, number>()
  const firstResolved = new Map<string, number>()
  const findings: string[] = []
  for (const [index, one] of got.entries()) {
    if (one.status === 'resolved' && !firstResolved.has(one.name)) firstResolved.set(one.name, index)
    if (one.status !== status) continue
    ids.set(one.name, (ids.get(one.name) ?? new Set()).add(one.id))
    if (one.isAccepted && !accepted.has(one.name)) accepted.set(one.name, index)
  }
  const missing: string[] = []
  for (let number = 0; number < alerts; number += 1) {
    const name = `a${number}`
    if (UNREACHABLE.includes(KINDS[number % KINDS.length]!)) continue
    const at = accepted.get(name)
    if (at === undefined) missing.push(name)
    const first = firstResolved.get(name)
    if (status === 'firing' && at !== undefined && first !== undefined && first < at) {
      findings.push(`${name} was sent as resolved before it was accepted as firing`)
    }
  }
  for (const [name, some] of ids) {
    if (some.size > 1) findings.push(`${name} has ${some.size} ids as ${status}: ${[...some].join(', ')}`)
  }
  if (missing.length > 0)
    findings.push(`${missing.length} alerts were not accepted as ${status}: ${missing.slice(0, 5)}`)
  if (strays.length > 0) findings.push(`${strays.length} requests came to ${[...new Set(strays)].join(', ')}`)
  return { missing, findings }
}

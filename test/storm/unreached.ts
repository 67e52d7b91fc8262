/** What table `deliveries` must say of messages that no receiver can accept. */
import { setTimeout as delay } from 'node:timers/promises'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { KINDS } from './receivers.ts'

interface Unreached {
  readonly name: string
  readonly receiver: string
  readonly outcomes: readonly string[]
}

/** The newest attempt of each message to `gone` and `private`; one that was not attempted has none. */
const statement = (status: string): string => `
  SELECT JSONExtractString(Message, 'groupLabels', 'name') AS name, Receiver AS receiver,
    groupUniqArrayIf(o.Outcome, o.Outcome != '') AS outcomes
  FROM notifications AS n LEFT JOIN deliveries AS o ON o.NotificationId = n.NotificationId
  WHERE n.Receiver IN ('gone', 'private') AND n.Status = '${status}' GROUP BY name, receiver LIMIT 10000`

/** Waits until each has been attempted; gives what is missing or wrong. */
export async function unreached(
  wattline: WattlineProcess,
  alerts: number,
  status: 'firing' | 'resolved',
  endMs: number,
): Promise<readonly string[]> {
  const wanted = Array.from({ length: alerts }, (_, number) => number).flatMap(number => {
    const receiver = KINDS[number % KINDS.length]
    return receiver === 'gone' || receiver === 'private' ? [{ name: `a${number}`, receiver }] : []
  })
  for (;;) {
    const found = new Map((await wattline.sql<Unreached>(statement(status))).map(one => [one.name, one]))
    const problems = wanted.flatMap(({ name, receiver }) => {
      const one = found.get(name)
      if (one === undefined) return [`${name} was not written down as ${status}`]
      const is = [...one.outcomes].toSorted().join()
      return is === outcomeOf(receiver, status) ? [] : [`${name} to ${receiver} is '${is}' as ${status}`]
    })
    if (problems.length === 0 || performance.now() > endMs) return problems.slice(0, 10)
    await delay(2_000)
  }
}

/** Gone: no further attempt. Private: attempts go on until the message is too old, and the next of its group waits for that. */
const outcomeOf = (receiver: 'gone' | 'private', status: 'firing' | 'resolved'): string =>
  receiver === 'gone' ? 'dead' : status === 'firing' ? 'failed' : ''

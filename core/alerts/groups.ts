/**
 * Alerts that are sent together, with the waits of Alertmanager: `group_wait` before the first message of a group,
 * `group_interval` between messages about changes, `repeat_interval` between messages that repeat what still fires. Pure.
 */
import { digest } from '../model/digest.ts'
import {
  commonLabels,
  fingerprintOf,
  type LabelMatchers,
  type LabelSet,
  matchesAll,
  sortedLabels,
} from './labels.ts'
import type { Silence } from './rule.ts'

/** Where alerts go. The first route that matches takes an alert, and further ones as long as `continues` says so. */
export interface AlertRoute {
  readonly match: LabelMatchers
  readonly receiver: string
  readonly groupBy: readonly string[]
  /** Seconds. */
  readonly groupWait: number
  readonly groupInterval: number
  readonly repeatInterval: number
  readonly continues: boolean
}

/** An alert as receivers see it. Times in seconds since the epoch. */
export interface SentAlert {
  readonly labels: LabelSet
  readonly annotations: Readonly<Record<string, string>>
  readonly value: number | null
  readonly startsAt: number
  /** Null while it fires. */
  readonly endsAt: number | null
}

/** Alerts of one route that share the labels of `groupBy`. Those that fire are not in it: they are the rules' state. */
export interface AlertGroup {
  readonly key: string
  readonly tenant: string
  readonly receiver: string
  readonly labels: LabelSet
  /** Alerts that have ended since the last message. */
  readonly ended: readonly SentAlert[]
  /** When the next message may go out. */
  readonly nextAt: number
  /** When the last one went out; null: none yet. */
  readonly sentAt: number | null
  /** Digest of the alerts that it named as firing. */
  readonly sent: string
  /** Number of messages so far. */
  readonly sequence: number
}

/** A message to a receiver. The id is the same however often it is sent. */
export interface AlertMessage {
  readonly id: string
  readonly receiver: string
  readonly groupKey: string
  readonly groupLabels: LabelSet
  readonly commonLabels: LabelSet
  readonly commonAnnotations: LabelSet
  readonly status: 'firing' | 'resolved'
  /** Why it is sent, in the words of Alertmanager; absent in messages of earlier versions. */
  readonly reason?: NotificationReason
  readonly alerts: readonly SentAlert[]
  /** Least seconds between two messages of the group that arrive; absent: none. */
  readonly spacingSeconds?: number
}

/** Why a message is sent. */
export type NotificationReason =
  | 'first notification'
  | 'new alerts added'
  | 'some alerts resolved'
  | 'all alerts resolved'
  | 'repeat interval elapsed'

/** A group that an alert belongs to. */
export interface GroupPlace {
  readonly key: string
  readonly route: AlertRoute
  readonly labels: LabelSet
}

/** The groups of an alert, by the routes that take it. Alerts of two tenants are never in one group. */
export function alertGroups(
  routes: readonly AlertRoute[],
  tenant: string,
  labels: LabelSet,
): readonly GroupPlace[] {
  const found: GroupPlace[] = []
  for (const [index, route] of routes.entries()) {
    if (!matchesAll(route.match, labels)) continue
    const shared = Object.fromEntries(route.groupBy.map(name => [name, labels[name] ?? '']))
    found.push({
      key: `${tenant}/${index}:${route.receiver}:${JSON.stringify(sortedLabels(shared))}`,
      route,
      labels: shared,
    })
    if (!route.continues) break
  }
  return found
}

/** A group whose first alert fires at a time. */
export const startGroup = (place: GroupPlace, tenant: string, at: number): AlertGroup => ({
  key: place.key,
  tenant,
  receiver: place.route.receiver,
  labels: place.labels,
  ended: [],
  nextAt: at + place.route.groupWait,
  sentAt: null,
  sent: '',
  sequence: 0,
})

/** What a group says at a time: its next state, null when it has nothing left, and a message if one is due. */
export interface Flushed {
  readonly group: AlertGroup | null
  readonly message: AlertMessage | null
}

/**
 * Sends what has changed, or repeats what still fires; alerts that a silence covers are held back.
 * @param firing the alerts of the group that fire now
 */
export function flushGroup(
  group: AlertGroup,
  firing: readonly SentAlert[],
  route: Pick<AlertRoute, 'groupInterval' | 'repeatInterval'>,
  silences: readonly Silence[],
  at: number,
): Flushed {
  if (at < group.nextAt) return { group, message: null }
  const active = silences.filter(({ startsAt, endsAt }) => startsAt <= at && at < endsAt)
  const isHeard = ({ labels }: SentAlert): boolean =>
    !active.some(({ matchers }) => matchesAll(matchers, labels))
  const heard = firing.filter(isHeard)
  const sent =
    heard.length === 0
      ? ''
      : digest(
          heard
            .map(one => fingerprintOf(one.labels))
            .toSorted()
            .join(),
          16,
        )
  // The end of an alert that no message has named is not news.
  const { sentAt } = group
  const ended = group.ended.filter(one => isHeard(one) && sentAt !== null && one.startsAt <= sentAt)
  const isRepeat = sentAt !== null && at - sentAt >= route.repeatInterval
  const isDue = ended.length > 0 || (heard.length > 0 && (sent !== group.sent || isRepeat))
  const sequence = group.sequence + (isDue ? 1 : 0)
  const next: AlertGroup = {
    ...group,
    ended: [],
    nextAt: at + route.groupInterval,
    ...(isDue ? { sentAt: at, sent, sequence } : {}),
  }
  return {
    group: firing.length === 0 ? null : next,
    message: isDue ? messageOf(next, heard, ended, reasonOf(sentAt, heard, ended)) : null,
  }
}

function reasonOf(
  sentAt: number | null,
  heard: readonly SentAlert[],
  ended: readonly SentAlert[],
): NotificationReason {
  if (sentAt === null) return 'first notification'
  if (heard.length === 0) return 'all alerts resolved'
  if (heard.some(({ startsAt }) => startsAt > sentAt)) return 'new alerts added'
  return ended.length > 0 ? 'some alerts resolved' : 'repeat interval elapsed'
}

function messageOf(
  group: AlertGroup,
  heard: readonly SentAlert[],
  ended: readonly SentAlert[],
  reason: NotificationReason,
): AlertMessage {
  const alerts = [...heard, ...ended]
  const { key, receiver, labels, sentAt, sequence } = group
  return {
    // Names the moment too: a group that ended and began again counts from 1.
    id: `msg_${digest(`${key}/${sentAt}/${sequence}`, 32)}`,
    receiver,
    groupKey: key,
    groupLabels: labels,
    commonLabels: commonLabels(alerts.map(one => one.labels)),
    commonAnnotations: commonLabels(alerts.map(one => one.annotations)),
    status: heard.length > 0 ? 'firing' : 'resolved',
    reason,
    alerts,
  }
}

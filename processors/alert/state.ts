/** What is known between evaluations, as entries of the group's state: one per alert, group of rules and group of alerts. */

import type { AlertGroup, SentAlert } from '../../core/alerts/groups.ts'
import type { AlertInstance } from '../../core/alerts/instance.ts'
import type { Silence } from '../../core/alerts/rule.ts'
import { NEXT_OFFSET } from '../loop/next-offset.ts'

/** All of it; see `AlertStateEntries` for how it is kept. */
export interface AlertState {
  /** Alerts that are pending or firing, by the key of their rule, then by fingerprint. */
  readonly instances: Map<string, ReadonlyMap<string, AlertInstance>>
  /** By key. */
  readonly groups: Map<string, AlertGroup>
  /** Time of the last evaluation of a group of rules, by its key. */
  readonly evaluatedAt: Map<string, number>
  /** By tenant and id. */
  readonly silences: Map<string, TenantSilence>
}

/** A silence of one tenant. */
export type TenantSilence = Silence & { readonly tenant: string }

/** Changes of the state as the log takes them: null deletes. */
export type AlertStateEntries = Map<string, Uint8Array | null>

const INSTANCE = 'i/'
const GROUP = 'g/'
const EVALUATED = 'e/'
const SILENCE = 's/'

/** @throws SyntaxError for bytes that this did not write */
export function decodeAlertState(entries: ReadonlyMap<string, Uint8Array>): {
  readonly state: AlertState
  readonly next: bigint
} {
  const instances = new Map<string, Map<string, AlertInstance>>()
  const state: AlertState = { instances, groups: new Map(), evaluatedAt: new Map(), silences: new Map() }
  let next = 0n
  for (const [key, bytes] of entries) {
    const text = Buffer.from(bytes).toString('utf8')
    if (key === NEXT_OFFSET) next = BigInt(text)
    else if (key.startsWith(EVALUATED)) state.evaluatedAt.set(key.slice(EVALUATED.length), Number(text))
    else if (key.startsWith(GROUP)) state.groups.set(key.slice(GROUP.length), JSON.parse(text) as AlertGroup)
    else if (key.startsWith(SILENCE)) {
      const silence = JSON.parse(text) as TenantSilence
      state.silences.set(silencePlace(silence), silence)
    } else if (key.startsWith(INSTANCE)) {
      const [rule = ''] = key.slice(INSTANCE.length).split('/', 1)
      // JSON has no NaN: it comes back as null, as no value does.
      const instance = JSON.parse(text) as AlertInstance
      const known = instances.get(rule) ?? new Map<string, AlertInstance>()
      instances.set(rule, known.set(instance.fingerprint, instance))
    }
  }
  return { state, next }
}

/** Entry of an evaluation. */
export const evaluatedEntry = (group: string, at: number): readonly [string, Uint8Array] => [
  EVALUATED + group,
  Buffer.from(String(at)),
]

/** Where a silence is kept: two tenants may use the same id. */
export const silencePlace = ({ tenant, id }: Pick<TenantSilence, 'tenant' | 'id'>): string =>
  `${tenant}/${id}`

/** Entries of a silence. The second one is that of an earlier version, which kept silences by id alone. */
export const silenceEntries = (
  silence: TenantSilence,
  isKept = true,
): readonly (readonly [string, Uint8Array | null])[] => [
  [SILENCE + silencePlace(silence), isKept ? Buffer.from(JSON.stringify(silence)) : null],
  [SILENCE + silence.id, null],
]

/** Entry of a group of alerts; null: it is gone. */
export const groupEntry = (key: string, group: AlertGroup | null): readonly [string, Uint8Array | null] => [
  GROUP + key,
  group === null ? null : Buffer.from(JSON.stringify(group)),
]

/** Entries that differ between two evaluations of a rule. A new value alone is not written: the next evaluation gives one. */
export function instanceEntries(
  rule: string,
  before: ReadonlyMap<string, AlertInstance>,
  after: ReadonlyMap<string, AlertInstance>,
): AlertStateEntries {
  const entries: AlertStateEntries = new Map()
  for (const fingerprint of before.keys()) {
    if (!after.has(fingerprint)) entries.set(`${INSTANCE}${rule}/${fingerprint}`, null)
  }
  for (const [fingerprint, instance] of after) {
    const known = before.get(fingerprint)
    const isSame =
      known?.state === instance.state &&
      known.goodSince === instance.goodSince &&
      known.absentSince === instance.absentSince
    if (!isSame) entries.set(`${INSTANCE}${rule}/${fingerprint}`, Buffer.from(JSON.stringify(instance)))
  }
  return entries
}

/** An alert as messages show it. @param endsAt null while it fires */
export const sentAlertOf = (
  { labels, annotations, value, firedAt, activeAt }: AlertInstance,
  endsAt: number | null,
): SentAlert => ({ labels, annotations, value, startsAt: firedAt ?? activeAt, endsAt })

/** What is left of the state after a tenant was erased. */
import type { RuleGroup } from '../../core/alerting/rules.ts'
import { digest } from '../../core/model/digest.ts'
import {
  type AlertState,
  type AlertStateEntries,
  groupEntry,
  instanceEntries,
  silenceEntries,
} from './state.ts'

/** Tells the erased tenant from all others. */
export type IsErased = (tenant: string) => boolean

/**
 * Value of a record that erases a tenant. Stream `silences` keeps the newest record of each key for good, so the record does not
 * name the tenant.
 */
export const erasedValue = (tenant: string): Uint8Array =>
  Buffer.from(JSON.stringify({ digest: digest(tenant, 32) }))

/** Reads such a value. @throws SyntaxError for bytes that `erasedValue` did not make */
export function erasedTenant(value: Uint8Array): IsErased {
  const erased = JSON.parse(Buffer.from(value).toString('utf8')) as { readonly digest: string }
  return tenant => digest(tenant, 32) === erased.digest
}

/** Removes alerts, groups and silences of a tenant, and gives the state entries that change. */
export function forgetAlerts(
  isErased: IsErased,
  { instances, groups, silences }: Pick<AlertState, 'instances' | 'groups' | 'silences'>,
  ruleGroups: readonly RuleGroup[],
): AlertStateEntries {
  const entries: AlertStateEntries = new Map()
  for (const { key: rule } of ruleGroups
    .filter(({ tenant }) => isErased(tenant))
    .flatMap(({ rules }) => rules)) {
    for (const [key, entry] of instanceEntries(rule, instances.get(rule) ?? new Map(), new Map())) {
      entries.set(key, entry)
    }
    instances.delete(rule)
  }
  for (const [key, { tenant }] of groups) {
    if (!isErased(tenant)) continue
    entries.set(...groupEntry(key, null))
    groups.delete(key)
  }
  for (const [place, silence] of silences) {
    if (!isErased(silence.tenant)) continue
    for (const [key, entry] of silenceEntries(silence, false)) entries.set(key, entry)
    silences.delete(place)
  }
  return entries
}

/** What is known between decisions, as entries of the group's state. */

import type { MeasuredReplica } from '../../core/autoscaling/known.ts'
import { type NamedPolicy, namedPolicy } from '../../core/autoscaling/policies.ts'
import { type KnownNumber, NO_MEMORY, type ScalingMemory } from '../../core/scaling/inputs.ts'
import { NEXT_OFFSET } from '../loop/next-offset.ts'
import type { PendingEffect } from './effects.ts'

/** State of one policy. */
export interface PolicyState {
  /** Seconds since the epoch; 0: nothing has been decided. */
  readonly decidedAt: number
  readonly memory: ScalingMemory
  /** What was read last. */
  readonly demands: readonly (KnownNumber | null)[]
  readonly serviceLevel: KnownNumber | null
  readonly measured: MeasuredReplica | null
  readonly pending: readonly PendingEffect[]
}

/** State of a policy that has made no decision yet. */
export const NEW_POLICY: PolicyState = {
  decidedAt: 0,
  memory: NO_MEMORY,
  demands: [],
  serviceLevel: null,
  measured: null,
  pending: [],
}

/** Changes of the state as the log takes them: null deletes. */
export type ScaleStateEntries = Map<string, Uint8Array | null>

const POLICY = 'p/'
const STATE = 's/'

/** Tenant and name of a policy, in one text. Names have no slash. */
export const placeOf = ({ tenant, name }: Pick<NamedPolicy, 'tenant' | 'name'>): string => `${tenant}/${name}`

/** The reverse. */
export function ofPlace(place: string): { readonly tenant: string; readonly name: string } {
  const slash = place.lastIndexOf('/')
  return { tenant: place.slice(0, slash), name: place.slice(slash + 1) }
}

/** All of it. */
export interface ScaleState {
  /** By the key of their record. */
  readonly policies: Map<string, NamedPolicy>
  /** By place. */
  readonly states: Map<string, PolicyState>
  readonly next: bigint
}

/** @throws SyntaxError for bytes that this did not write */
export function decodeScaleState(entries: ReadonlyMap<string, Uint8Array>): ScaleState {
  const policies = new Map<string, NamedPolicy>()
  const states = new Map<string, PolicyState>()
  let next = 0n
  for (const [key, bytes] of entries) {
    const text = Buffer.from(bytes).toString('utf8')
    if (key === NEXT_OFFSET) next = BigInt(text)
    else if (key.startsWith(POLICY)) {
      const { tenant, name, source, content } = JSON.parse(text) as NamedPolicy
      policies.set(key.slice(POLICY.length), namedPolicy(tenant, name, source, content))
    } else if (key.startsWith(STATE)) {
      // What later versions add begins as for a new policy.
      const state = JSON.parse(text) as PolicyState
      const memory = { ...NO_MEMORY, ...state.memory }
      states.set(key.slice(STATE.length), { ...NEW_POLICY, ...state, memory })
    }
  }
  return { policies, states, next }
}

/** Entry of a policy; null: it was ended. */
export const policyEntry = (key: string, named: NamedPolicy | null): readonly [string, Uint8Array | null] => [
  POLICY + key,
  named === null
    ? null
    : Buffer.from(
        JSON.stringify({
          tenant: named.tenant,
          name: named.name,
          source: named.source,
          content: named.content,
        }),
      ),
]

/** Entry of what is known of a policy; null: it is gone. */
export const stateEntry = (
  place: string,
  state: PolicyState | null,
): readonly [string, Uint8Array | null] => [
  STATE + place,
  state === null ? null : Buffer.from(JSON.stringify(state)),
]

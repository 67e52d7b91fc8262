/** Open streams of KEDA: who waits for changes of which policy. */
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { NewestMessages } from '../../../core/grpc/newest-messages.ts'
import type { AnswerChange, CurrentAnswer, ScalingAnswers } from '../../../core/scaling/answer.ts'
import type { KedaCaller } from './tenant.ts'

/** Says what a stream gets about an answer; null: nothing. It is called for the answer at first, and then for each change. */
export type Follow = (answer: CurrentAnswer | undefined) => Uint8Array | null

interface OpenStream {
  readonly caller: KedaCaller
  readonly messages: NewestMessages
  readonly follow: Follow
}

/** How often credentials of open streams are checked again. */
const RECHECK_MS = 1_000

/** Streams by tenant and policy; a tenant has no more than its share. */
export class KedaStreams {
  readonly #answers: ScalingAnswers
  readonly #mostOfTenant: number
  readonly #byPolicy = new Map<string, Set<OpenStream>>()
  readonly #ofTenant = new Map<string, number>()
  readonly #stopListening: () => void
  readonly #timer: NodeJS.Timeout

  constructor(answers: ScalingAnswers, mostOfTenant: number, recheckMs = RECHECK_MS) {
    this.#answers = answers
    this.#mostOfTenant = mostOfTenant
    this.#stopListening = answers.onChange(change => this.#tell(change))
    this.#timer = setInterval(() => this.#recheck(), recheckMs).unref()
  }

  /** @throws WattlineError `overloaded` when the tenant has too many */
  assertMayOpen(tenant: string): void {
    if ((this.#ofTenant.get(tenant) ?? 0) < this.#mostOfTenant) return
    throw new WattlineError('overloaded', `Tenant ${tenant} has ${this.#mostOfTenant} open streams.`, {
      retryAfterSeconds: 10,
    })
  }

  /** Sends what is known now, and then each change. @returns ends that */
  open(policy: string, caller: KedaCaller, messages: NewestMessages, follow: Follow): () => void {
    const { tenant } = caller
    const key = keyOf(tenant, policy)
    const stream: OpenStream = { caller, messages, follow }
    const streams = this.#byPolicy.get(key) ?? new Set()
    this.#byPolicy.set(key, streams.add(stream))
    this.#ofTenant.set(tenant, (this.#ofTenant.get(tenant) ?? 0) + 1)
    send(stream, this.#answers.find(tenant, policy))
    return () => {
      if (!streams.delete(stream)) return
      if (streams.size === 0 && this.#byPolicy.get(key) === streams) this.#byPolicy.delete(key)
      const left = (this.#ofTenant.get(tenant) ?? 1) - 1
      if (left === 0) this.#ofTenant.delete(tenant)
      else this.#ofTenant.set(tenant, left)
    }
  }

  close(): void {
    this.#stopListening()
    clearInterval(this.#timer)
  }

  #tell({ tenant, name, answer }: AnswerChange): void {
    for (const stream of this.#byPolicy.get(keyOf(tenant, name)) ?? []) send(stream, answer)
  }

  #recheck(): void {
    const holds = new Map<string, boolean>()
    for (const streams of this.#byPolicy.values()) {
      for (const { caller, messages } of streams) {
        const known = holds.get(caller.key) ?? caller.stillHolds()
        holds.set(caller.key, known)
        if (!known) messages.fail(new WattlineError('unauthenticated', 'The token is not valid any more.'))
      }
    }
  }
}

function send({ follow, messages }: OpenStream, answer: CurrentAnswer | undefined): void {
  const message = follow(answer)
  if (message !== null) messages.send(message)
}

const keyOf = (tenant: string, policy: string): string => `${tenant}/${policy}`

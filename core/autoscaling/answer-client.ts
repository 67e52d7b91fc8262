/** Answers of another instance, for a process of role `scaling` that cannot read its log. */
import type { ScalingAnswer } from '../scaling/answer.ts'
import { type AnswerEntry, answerKey } from './answer-key.ts'
import type { AnswerSource } from './answering.ts'

/** An instance that is stopping or stuck must not hold up the next try. */
const TIMEOUT_MS = 5_000

/** What `GET /api/v1/scaling/answers` gives. */
export interface AllAnswers {
  readonly answers: readonly ScalingAnswer[]
}

/** @param token of tenant default with scope read */
export function answerClient({
  url,
  token,
}: {
  readonly url: string
  readonly token?: string | undefined
}): AnswerSource {
  let known = new Map<string, string>()
  return {
    async read() {
      const reply = await fetch(new URL('/api/v1/scaling/answers', url), {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      })
      if (reply.status !== 200) throw new Error(`${url} answered ${reply.status}`)
      const { answers } = (await reply.json()) as AllAnswers
      const found = new Map(answers.map(answer => [answerKey(answer), answer.decisionId]))
      const gone: AnswerEntry[] = [...known.keys()].flatMap(key =>
        found.has(key) ? [] : [{ key, answer: null }],
      )
      const changed = answers.flatMap(answer => {
        const key = answerKey(answer)
        return known.get(key) === answer.decisionId ? [] : [{ key, answer }]
      })
      known = found
      return [...gone, ...changed]
    },
  }
}

import { join } from 'node:path'
import { Answering } from '../core/autoscaling/answering.ts'
import type { Broker } from '../core/broker/broker.ts'
import type { Wiring } from './wiring.ts'

/** Last answers of role `scaling`, in the data folder. */
const ANSWERS_FILE = 'scaling-answers.json'

/**
 * Answers to autoscalers, before anything else is opened: a process of role `scaling` begins with the last answers that it
 * knew. Null: this process answers no autoscalers.
 */
export async function startAnswering({ lifecycle, config, events }: Wiring): Promise<Answering | null> {
  const answers = config.roles.includes('scaling')
  if (!answers && !config.roles.includes('query')) return null
  const file = answers ? join(config.data, ANSWERS_FILE) : null
  return await lifecycle.start(
    'answers for autoscalers',
    () => new Answering({ file, events, now: Date.now }),
    answering => answering.stop(),
  )
}

/**
 * Follows the log of this process, else the instance that the configuration names. Their modules are loaded here, when autoscalers
 * have their answers: reading the log takes as many as all the rest.
 */
export async function followDecisions(
  { config }: Wiring,
  answering: Answering,
  log: Pick<Broker, 'newest' | 'lag'> | null,
): Promise<void> {
  const { url, token } = config.scaling_source
  const decides = config.roles.includes('processors')
  if (url !== undefined && !decides) {
    const { answerClient } = await import('../core/autoscaling/answer-client.ts')
    answering.follow(answerClient({ url, token }))
  } else if (log !== null) {
    const { AnswerFollower } = await import('../core/autoscaling/answer-log.ts')
    answering.follow(new AnswerFollower(log))
  }
}

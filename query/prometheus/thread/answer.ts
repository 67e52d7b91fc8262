/** The answer to any question, as the text of its body. */
import { format, PromqlError, parse } from '../../promql/index.ts'
import { success } from '../encode/results.ts'
import { treeOf } from '../encode/tree.ts'
import type { Task } from '../wire/messages.ts'
import { evaluate } from './evaluate.ts'
import { exemplars } from './exemplars.ts'
import { federate } from './federate.ts'
import { listing } from './listings.ts'
import { metadata } from './metadata.ts'
import { TaskError } from './port.ts'
import type { Tables } from './source.ts'

/** @throws TaskError, PromqlError */
export async function answer(tables: Tables, task: Task): Promise<Iterable<string>> {
  const { question } = task
  switch (question.kind) {
    case 'query':
    case 'query_range':
      return await inParameter('query', () => evaluate(tables, task, question))
    case 'series':
    case 'labels':
    case 'values':
      return await inParameter('match[]', () => listing(tables, question))
    case 'format':
      return await inParameter('query', async () => success([JSON.stringify(format(parse(question.text)))]))
    case 'parse':
      return await inParameter('query', async () => success([JSON.stringify(treeOf(parse(question.text)))]))
    case 'exemplars':
      return await inParameter('query', () => exemplars(tables, question))
    case 'metadata':
      return await metadata(tables, question)
    case 'federate':
      return await inParameter('match[]', () => federate(tables, task, question))
  }
}

/** Names the parameter in which an expression is wrong, as Prometheus does. */
async function inParameter<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof PromqlError) || error.kind !== 'syntax') throw error
    throw new TaskError('bad_data', `invalid parameter "${name}": ${error.message}`)
  }
}

/** The filter of a request: its body, or parameter `filter`. */

import { single } from '../../../http/parameters.ts'
import type { OpenStackQuestion } from '../../shared/api.ts'
import { GnocchiError } from '../model/failure.ts'
import { type FilterSurroundings, type ResourceTest, resourceTest } from './filter.ts'
import { filterOfText } from './filter-text.ts'

/** A body of JSON; undefined without one. @throws GnocchiError */
export function askedJson({ request }: Pick<OpenStackQuestion, 'request'>): unknown {
  const text = typeof request.body === 'string' ? request.body : ''
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new GnocchiError(400, {
      cause: 'Unable to decode body',
      reason: (error as Error).message,
      detail: text.slice(0, 100),
    })
  }
}

/** Which resources are asked for: all of them without a filter. @throws GnocchiError */
export function askedResources(asked: OpenStackQuestion, surroundings: FilterSurroundings): ResourceTest {
  const body = askedJson(asked)
  const text = single(asked.query, 'filter')
  if (body !== undefined) return resourceTest(body, surroundings)
  return text ? resourceTest(filterOfText(text), surroundings) : () => true
}

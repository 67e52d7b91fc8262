import { WattlineError } from '../catalogue/errors/errors.ts'

/** The answer has more bytes than its reader takes at once. */
export class AnswerTooLarge extends WattlineError {
  constructor(maxBytes: number) {
    super('sql_limit', `The answer has more than ${maxBytes} bytes.`)
  }
}

/**
 * Lines of an answer of a fenced query, in a format with a row a line; empty ones are left out. For answers with few rows.
 * @throws AnswerTooLarge
 */
export async function answerLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = Infinity,
): Promise<readonly string[]> {
  const received: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    received.push(chunk)
    bytes += chunk.length
    // Leaving the loop ends the query in the engine.
    if (bytes > maxBytes) throw new AnswerTooLarge(maxBytes)
  }
  return Buffer.concat(received).toString('utf8').split('\n').filter(Boolean)
}

/** Lines of an answer of a fenced query, in a format with a row a line; empty ones are left out. For answers with few rows. */
export async function answerLines(chunks: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const received: Uint8Array[] = []
  for await (const chunk of chunks) received.push(chunk)
  return Buffer.concat(received).toString('utf8').split('\n').filter(Boolean)
}

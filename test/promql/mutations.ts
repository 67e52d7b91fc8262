/** Texts that are nearly right: what one engine refuses, the other must refuse as well. */
import { memorySource, PromqlError } from '../../query/promql/index.ts'
import { seededRandom } from '../support/random.ts'
import { ours } from './compare.ts'
import { seriesOf } from './data.ts'
import { HANDPICKED } from './handpicked.ts'
import { Oracle } from './oracle/ask.ts'

const AT = { startMs: 1_800_000, endMs: 1_800_000, stepMs: 0 }
const FEW = 6

const wordsOf = (text: string): string[] => text.match(/[\w.:]+|\s+|"[^"]*"|[^\w\s]/g) ?? []

/** A text with one word left out, added, replaced, or changed for another. */
function mutate(text: string, words: readonly string[], next: () => number): string {
  const parts = wordsOf(text)
  const pick = (length: number): number => Math.floor(next() * length)
  const at = pick(parts.length)
  const other = words[pick(words.length)] ?? ''
  const kind = next()
  if (kind < 0.3) parts.splice(at, 1)
  else if (kind < 0.6) parts.splice(at, 0, other)
  else if (kind < 0.85) parts[at] = other
  else {
    const second = pick(parts.length)
    ;[parts[at], parts[second]] = [parts[second] ?? '', parts[at] ?? '']
  }
  return parts.join('')
}

/** True if both engines refuse the same of so many texts. */
export async function compareRefusals(path: string, seed: number, count: number): Promise<boolean> {
  const series = seriesOf(seed).slice(0, FEW)
  const oracle = new Oracle(path, series)
  const source = memorySource(series)
  const next = seededRandom(seed)
  const words = HANDPICKED.flatMap(wordsOf)
  const wrong: string[] = []
  let refused = 0
  for (let done = 0; done < count; done += 1) {
    const text = HANDPICKED[Math.floor(next() * HANDPICKED.length)] ?? ''
    const question = { query: mutate(text, words, next), ...AT }
    const theirs = await oracle.ask(question)
    const own = await ours(question, source)
    if (theirs.error !== undefined) refused += 1
    if (own instanceof PromqlError === (theirs.error !== undefined)) continue
    wrong.push(
      `${question.query}: ${own instanceof PromqlError ? own.message : `accepted, refused by theirs: ${theirs.error}`}`,
    )
  }
  oracle.close()
  for (const each of wrong) console.log(each)
  console.log(`refusals: of ${count} texts both refuse ${refused}; on ${wrong.length} they disagree`)
  return wrong.length === 0
}

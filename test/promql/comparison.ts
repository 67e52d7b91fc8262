/** Asks ourselves and the official engine the same, hand-picked and generated. */
import { memorySource } from '../../query/promql/index.ts'
import { seededRandom } from '../support/random.ts'
import { type Difference, difference, ours } from './compare.ts'
import { seriesOf } from './data.ts'
import { Expressions } from './expressions.ts'
import { HANDPICKED } from './handpicked.ts'
import { Oracle, type OracleAnswer, type Question } from './oracle/ask.ts'

/** Functions of the JavaScript engine: their last bits are not Go's. Near a zero of the function that shows most. */
const LAST_BITS = /\b(?:exp|a?sinh|a?cosh|a?tanh)\b|\^/
const MAX_ULPS = 4_096

/** How often the official engine is asked again: the order in which it adds up the results of operators is that of a hash map. */
const TRIES = 12

/** What became of the questions. */
interface Tally {
  same: number
  lastBits: number
  unstable: number
  readonly wrong: string[]
}

const AT = { startMs: 1_800_000, endMs: 1_800_000, stepMs: 0 }
const OVER = { startMs: 300_000, endMs: 3_300_000, stepMs: 60_000 }

async function isUnstable(oracle: Oracle, question: Question, first: OracleAnswer): Promise<boolean> {
  const text = JSON.stringify(first)
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (JSON.stringify(await oracle.ask(question)) !== text) return true
  }
  return false
}

/** Whether the last bits of a function explain a difference; as a label they make another series. */
const isInLastBits = (query: string, { ulps }: Difference): boolean =>
  LAST_BITS.test(query) && (ulps === undefined ? query.includes('count_values') : ulps <= MAX_ULPS)

async function compareAll(
  path: string,
  seed: number,
  queries: readonly string[],
  tally: Tally,
): Promise<void> {
  const series = seriesOf(seed)
  const oracle = new Oracle(path, series)
  const source = memorySource(series)
  for (const query of queries) {
    for (const times of [AT, OVER]) {
      const question = { query, ...times }
      const theirs = await oracle.ask(question)
      const found = difference(await ours(question, source), theirs)
      if (found === undefined) tally.same += 1
      else if (isInLastBits(query, found)) tally.lastBits += 1
      else if (await isUnstable(oracle, question, theirs)) tally.unstable += 1
      else tally.wrong.push(`seed ${seed}: ${query}\n    ${found.text}`)
    }
  }
  oracle.close()
}

/** Compares hand-picked expressions and some for each seed; true if every answer is explained and enough are equal. */
export async function compareWithOracle(
  path: string,
  { seeds, perSeed, least }: { seeds: readonly number[]; perSeed: number; least: number },
): Promise<boolean> {
  const tally: Tally = { same: 0, lastBits: 0, unstable: 0, wrong: [] }
  for (const [index, seed] of seeds.entries()) {
    const expressions = new Expressions(seededRandom(seed + 1_000))
    const generated = Array.from({ length: perSeed }, (_, at) =>
      at % 4 === 0 ? expressions.histograms(2) : expressions.vector(3),
    )
    await compareAll(path, seed, index === 0 ? [...HANDPICKED, ...generated] : generated, tally)
  }
  for (const text of tally.wrong) console.log(text)
  console.log(
    `oracle: ${tally.same} answers equal in every bit, ${tally.lastBits} in all but the last bits of functions of the ` +
      `JavaScript engine, ${tally.unstable} where the official engine differs from itself, ${tally.wrong.length} wrong`,
  )
  return tally.wrong.length === 0 && tally.same >= least
}

/** Records answers of the official engine for tests that run without it. */
import { writeFileSync } from 'node:fs'
import { formatValue, labelsOf } from '../../query/promql/index.ts'
import { formatLabels } from '../../query/promql/model/labels.ts'
import { seriesOf } from './data.ts'
import { HANDPICKED } from './handpicked.ts'
import { Oracle } from './oracle/ask.ts'
import { VERSION } from './oracle/build.ts'

const FILE = new URL('../query/promql/recorded.json', import.meta.url).pathname
const SEED = 1
const AT_MS = 1_800_000

/** Every how many of the hand-picked expressions. */
const EVERY = 2

function textOf(bits: string): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${bits}`))
  return formatValue(view.getFloat64(0))
}

export async function record(path: string): Promise<void> {
  const oracle = new Oracle(path, seriesOf(SEED))
  const answers: Record<string, Readonly<Record<string, string>>> = {}
  for (const query of HANDPICKED.filter((_, index) => index % EVERY === 0)) {
    const { error, series } = await oracle.ask({ query, startMs: AT_MS, endMs: AT_MS, stepMs: 0 })
    if (error !== undefined) continue
    answers[query] = Object.fromEntries(
      (series ?? []).map(({ labels, values, histograms }) => {
        const [histogram] = histograms ?? []
        const value =
          histogram === undefined ? textOf(values?.[0] ?? '') : `histogram with sum ${textOf(histogram.sum)}`
        return [formatLabels(labelsOf(labels)), value]
      }),
    )
  }
  oracle.close()
  const source = `github.com/prometheus/prometheus ${VERSION}, asked by test/promql/record.ts`
  writeFileSync(FILE, `${JSON.stringify({ source, seed: SEED, atMs: AT_MS, answers }, undefined, 2)}\n`)
}

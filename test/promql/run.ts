/**
 * Compares PromQL with the official engine, bit by bit, and runs the engine's own test corpus.
 *
 *     npm run test:promql                       everything
 *     npm run test:promql -- --seeds 5,6,7      other series and expressions
 *     npm run test:promql -- --record           writes the answers that npm test checks
 *     npm run test:promql -- --update           writes the list of messages with wording of our own
 */
import { parseArgs } from '../support/arguments.ts'
import { compareWithOracle } from './comparison.ts'
import { runCorpus } from './corpus/run.ts'
import { compareRefusals } from './mutations.ts'
import { moduleFolder, oracle } from './oracle/build.ts'
import { record } from './record.ts'

const LEAST_CASES = 2_000
const LEAST_EQUAL = 600

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    'per-seed': { type: 'string', default: '200' },
    mutations: { type: 'string', default: '3000' },
    record: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
})

if (values.record) await record(await oracle())
const isCorpusRight = await runCorpus(await moduleFolder(), LEAST_CASES, values.update)
const areAnswersRight = await compareWithOracle(await oracle(), {
  seeds: values.seeds.split(',').map(Number),
  perSeed: Number(values['per-seed']),
  least: LEAST_EQUAL,
})
const areRefusalsRight = await compareRefusals(await oracle(), 5, Number(values.mutations))
process.exitCode = isCorpusRight && areAnswersRight && areRefusalsRight ? 0 : 1

/**
 * Attacks on a warehouse or a whole process; test/hostile/README.md says what must hold.
 *
 *   npm run hostile                       every part
 *   npm run hostile -- --part isolation --seed 1 --places 30
 */
import { parseArgs } from '../support/arguments.ts'
import { costs } from './costs.ts'
import { isolation } from './isolation.ts'
import { noisePart } from './noise.ts'
import { promql } from './promql.ts'
import { routeIsolation } from './routes/isolation.ts'
import { totalFunctions } from './total-functions.ts'

export interface HostileOptions {
  readonly seed: number
  /** For `isolation`: number of places in which each condition is put, for each table; requests in proportion. */
  readonly places: number
  readonly say: (line: string) => void
}

/** Requests of each kind to the routes, for each place. */
const REQUESTS_PER_PLACE = 20

/** Each throws if its rule is violated. */
const PARTS: Readonly<Record<string, (options: HostileOptions) => Promise<void>>> = {
  isolation: async ({ seed, places, say }) => {
    await isolation({ seed, places, say })
    await routeIsolation({ seed, perKind: places * REQUESTS_PER_PLACE, say })
  },
  'total-functions': totalFunctions,
  costs: ({ say }) => costs({ say }),
  noise: ({ say }) => noisePart({ say }),
  promql: ({ say }) => promql({ say }),
}

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    seed: { type: 'string', default: '1' },
    places: { type: 'string', default: '6' },
  },
})
const names = values.part === undefined ? Object.keys(PARTS) : [values.part]
const options: HostileOptions = {
  seed: Number(values.seed),
  places: Number(values.places),
  say: line => void process.stdout.write(`${line}\n`),
}
for (const name of names) {
  const part = PARTS[name]
  if (part === undefined) throw new Error(`--part is one of ${Object.keys(PARTS).join(', ')}.`)
  options.say(`${name}, seed ${options.seed}`)
  await part(options)
}

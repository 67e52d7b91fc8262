import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { tablesOf } from '../../core/model/streams/stream.ts'
import type { Processor } from '../loop/runner.ts'
import type { StoreOptions } from './options.ts'
import { Rewinding } from './rewinding.ts'
import { INSERTS_A_COMMIT, StoreWorker } from './store-worker.ts'
import { STORE } from './token.ts'

/**
 * Moves records into their tables: a record is one insert under one token, bytes unchanged, and small ones may become one
 * insert together. The token is their place in the log, so a replay after a crash changes nothing.
 */
export function createStore(options: StoreOptions): Processor {
  const declarations = new Map(
    options.streams.filter(stream => tablesOf(stream).length > 0).map(stream => [stream.name, stream]),
  )
  return {
    name: STORE,
    streams: [...declarations.keys()],
    poll: {
      maxRecords: options.combines === true ? 1_024 : INSERTS_A_COMMIT,
      maxBytes: 16 * 1024 * 1024,
      maxWaitMs: 5_000,
    },
    async open(partition) {
      const declaration = declarations.get(partition.stream)
      if (declaration === undefined)
        throw new WattlineError('invariant_broken', `stream ${partition.stream} has no table.`)
      const state = await partition.loadState()
      const rewinding = await Rewinding.open(state, partition, declaration, options)
      return new StoreWorker(options, partition, declaration, { rewinding, state })
    },
  }
}

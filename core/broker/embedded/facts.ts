/** Reads the contents of a copied log in a folder, without opening it as a broker. */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { IDENTITY_KEY } from './keys.ts'
import { openStore } from './store.ts'
import { loadStreams } from './streams.ts'

interface LogFacts {
  readonly identity: string
  readonly partitions: readonly {
    readonly stream: string
    readonly partition: number
    /** Offset of the oldest record, and after the newest. */
    readonly first: bigint
    readonly end: bigint
    /** The committed offset of each group. */
    readonly committed: ReadonlyMap<string, bigint>
  }[]
}

/** Read-only. @throws data_unusable */
export async function readLogFacts(folder: string): Promise<LogFacts> {
  const store = openStore(folder, 0)
  try {
    const identity = store.get(IDENTITY_KEY)
    if (identity === undefined) {
      throw new WattlineError('data_unusable', `The log in ${folder} has never been used: it has no streams.`)
    }
    const text = Buffer.from(identity).toString()
    const partitions = [...loadStreams(store).values()].flatMap(stream =>
      stream.partitions.map(({ partition, bounds, committed }) => ({
        stream: stream.name,
        partition,
        first: bounds.first,
        end: bounds.next,
        committed,
      })),
    )
    return { identity: text, partitions }
  } finally {
    await store.close()
  }
}

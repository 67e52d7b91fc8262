/** What a log in a folder holds, for those who copied it: read without taking part in it. */
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
    /** How far each group has come. */
    readonly committed: ReadonlyMap<string, bigint>
  }[]
}

/** Opens nothing for writing to. @throws data_unusable */
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

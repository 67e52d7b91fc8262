import type { Config } from '../core/catalogue/config/schema.ts'
import { type LogReader, logReaders } from '../core/model/streams/readers.ts'

/** Who reads the log of this configuration, in this process or in others. */
export function readersOf({
  broker,
  roles,
  forward,
}: Pick<Config, 'broker' | 'roles' | 'forward'>): readonly LogReader[] {
  return logReaders({
    processors: broker.kind === 'kafka' || roles.includes('processors'),
    forward: forward.url !== undefined,
  })
}

import { SESSION_TIME_ZONE, type Warehouse } from '../../core/warehouse/warehouse.ts'

/** Facts about the engine that clients may know. They show times in its time zone. */
export interface EngineFacts {
  readonly version: string
  readonly timeZone: string
}

/** Queried once; again after a failure. */
export function cachedFacts(warehouse: Pick<Warehouse, 'query'>): () => Promise<EngineFacts> {
  let known: EngineFacts | undefined
  return async () => {
    if (known !== undefined) return known
    const [row] = await warehouse.query<{ version: string }>('SELECT version() AS version')
    known = { version: row?.version ?? '', timeZone: SESSION_TIME_ZONE }
    return known
  }
}

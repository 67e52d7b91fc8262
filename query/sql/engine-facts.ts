import { SESSION_TIME_ZONE, type Warehouse } from '../../core/warehouse/warehouse.ts'

/** What clients may know of the engine. They show times in its zone. */
export interface EngineFacts {
  readonly version: string
  readonly timeZone: string
}

/** Asked once; again after a failure. */
export function cachedFacts(warehouse: Pick<Warehouse, 'query'>): () => Promise<EngineFacts> {
  let known: EngineFacts | undefined
  return async () => {
    if (known !== undefined) return known
    const [row] = await warehouse.query<{ version: string }>('SELECT version() AS version')
    known = { version: row?.version ?? '', timeZone: SESSION_TIME_ZONE }
    return known
  }
}

/** Readiness of this instance: per role, why it cannot work. */
import type { Role } from '../../core/catalogue/config/keys/process.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/** Each role of this process, and its files, with the reasons why they do not work now; empty: they do. */
export type Readiness = Readonly<Partial<Record<Role | 'files', readonly string[]>>>

/** All reasons of all roles; empty: the instance is ready. */
export const reasonsOf = (readiness: Readiness): readonly string[] => Object.values(readiness).flat()

/** Probes wait a second or two for their answer. */
const ANSWER_MS = 1_000

/** Checks whether the engine answers, with one query at a time: a hanging engine does not accumulate queries. */
export function engineWatch(warehouse: Pick<Warehouse, 'ping'>): () => Promise<readonly string[]> {
  let asking: Promise<readonly string[]> | null = null
  const ask = (): Promise<readonly string[]> =>
    warehouse
      .ping()
      .then(
        () => [],
        (error: unknown) => [`warehouse: ${error}`],
      )
      .finally(() => {
        asking = null
      })
  return async () => {
    asking ??= ask()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<readonly string[]>(resolve => {
      timer = setTimeout(() => resolve([`warehouse: no answer within ${ANSWER_MS} ms.`]), ANSWER_MS)
    })
    const answer = await Promise.race([asking, late])
    clearTimeout(timer)
    return answer
  }
}

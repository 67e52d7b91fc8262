/** Whether this instance takes work: per role, what keeps it from working. */
import type { Role } from '../../core/catalogue/config/keys/process.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'

/** Each role that this process runs, and its files, with the reasons why they do not work now; none: they do. */
export type Readiness = Readonly<Partial<Record<Role | 'files', readonly string[]>>>

/** All reasons of all roles; none: the instance is ready. */
export const reasonsOf = (readiness: Readiness): readonly string[] => Object.values(readiness).flat()

/** Probes wait a second or two for their answer. */
const ANSWER_MS = 1_000

/** Asks the engine whether it answers, one question at a time: an engine that hangs does not collect questions. */
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

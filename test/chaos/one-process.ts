import type { Member } from './member.ts'
import type { Fault } from './topology.ts'

/** What faults of one process on one data folder need of it. */
export interface OneProcess {
  readonly data: string
  readonly member: Member
  /** Starts it again, and sends clients there. */
  start(): Promise<void>
  /** Clients find nobody, until it is started again. */
  hideFromClients(): void
  /** They find it again, which was running all the time. */
  showToClients(): void
  /** Files are damaged from here on: losses may be told. */
  forceLosses(): void
}

export const fault = (
  name: string,
  weight: number,
  inject: (random: () => number) => Promise<string>,
): Fault => ({
  name,
  weight,
  inject: ({ random }) => inject(random),
})

/** Ends it, one way or the other, does something to what it leaves, and starts it again. */
export async function whileDown<T>(system: OneProcess, random: () => number, work: () => T): Promise<T> {
  system.hideFromClients()
  if (random() < 0.5) await system.member.kill()
  else await system.member.stop()
  const what = work()
  await system.start()
  return what
}

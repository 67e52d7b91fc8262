import type { Member } from './member.ts'
import type { Fault } from './topology.ts'

/** What faults need of one process on one data folder. */
export interface OneProcess {
  readonly data: string
  readonly member: Member
  /** Starts it again, and directs clients there. */
  start(): Promise<void>
  /** Clients find no server until it is started again. */
  hideFromClients(): void
  /** Clients find it again; it was running all the time. */
  showToClients(): void
  /** Files are damaged from here on: losses may be reported. */
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

/** Ends it in one of two ways, changes the files it leaves, and starts it again. */
export async function whileDown<T>(system: OneProcess, random: () => number, work: () => T): Promise<T> {
  system.hideFromClients()
  if (random() < 0.5) await system.member.kill()
  else await system.member.stop()
  const what = work()
  await system.start()
  return what
}

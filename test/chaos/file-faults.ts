/** What happens to files while they are not open. Any of it may lose data, which must be reported. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ACCEPT_FILE } from '../../core/runtime/losses.ts'
import { keepCopy, loseDefinitions, loseParts, spoilPart, unmount } from './damage.ts'
import { fault, type OneProcess, whileDown } from './one-process.ts'
import { type Fault, pause } from './topology.ts'

type Random = () => number

export function fileFaults(system: OneProcess): readonly Fault[] {
  const { data } = system
  const [log, tables] = [join(data, 'log'), join(data, 'warehouse')]
  const forced = (name: string, weight: number, inject: (random: Random) => Promise<string>): Fault =>
    fault(name, weight, random => {
      system.forceLosses()
      return inject(random)
    })
  const damaged = (name: string, weight: number, damage: (random: Random) => string): Fault =>
    forced(name, weight, random => whileDown(system, random, () => damage(random)))
  return [
    damaged('part-gone', 5, random => loseParts(data, random)),
    damaged('part-spoilt', 5, random => spoilPart(data, random)),
    damaged('definitions-gone', 3, random => loseDefinitions(data, random)),
    damaged('log-gone', 3, () => removed(log)),
    forced('older-log', 5, random => goBack(system, log, random)),
    forced('older-tables', 5, random => goBack(system, tables, random)),
    forced('tables-gone', 2, random => doWithout(system, tables, random)),
    forced('unmounted', 4, random => unmounted(system, tables, random)),
  ]
}

/** An older copy replaces a folder after a second or two of load. */
async function goBack(system: OneProcess, folder: string, random: Random): Promise<string> {
  const restore = await whileDown(system, random, () => keepCopy(folder))
  const ms = 300 + random() * 2_500
  await pause(ms)
  await whileDown(system, random, restore)
  return `as of ${Math.round(ms)} ms before`
}

/** All tables are gone, and an operator decides to continue without them: readiness asks for it first. */
async function doWithout(system: OneProcess, tables: string, random: Random): Promise<string> {
  await whileDown(system, random, () => removed(tables))
  await refuseUnready(system)
  await whileDown(system, random, () => writeFileSync(join(system.data, ACCEPT_FILE), ''))
  return 'all tables, and accepted'
}

/** The volume of the tables is not mounted at one start, and mounted at the next. */
async function unmounted(system: OneProcess, tables: string, random: Random): Promise<string> {
  const mount = await whileDown(system, random, () => unmount(tables))
  await refuseUnready(system)
  await pause(random() * 1_500)
  await whileDown(system, random, mount)
  return 'not mounted, mounted'
}

async function refuseUnready({ member }: OneProcess): Promise<void> {
  const response = await fetch(`${member.process?.http}/readyz`)
  if (response.status !== 503)
    throw new Error(`without its tables it says that it is ready: ${await response.text()}`)
}

function removed(folder: string): string {
  rmSync(folder, { recursive: true })
  return 'gone'
}

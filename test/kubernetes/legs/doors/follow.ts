/** What a Deployment must do, whichever way its autoscaler asks: follow the policy, to zero and back, within the carbon budget. */
import type { ControlPlane } from '../../plane/control-plane.ts'
import { replicasBecome, replicasStay } from '../../plane/deployments.ts'
import type { Report } from '../../report.ts'
import { type AnsweringWattline, answerBecomes, CLEAN, DIRTY, DIRTY_REPLICAS } from './wattline.ts'

const PATIENT = { seconds: 120 }

export interface Followers {
  readonly plane: ControlPlane
  readonly report: Report
  readonly wattline: AnsweringWattline
  /** Deployments, each with its own autoscaler and policy of the same name. */
  readonly names: readonly string[]
}

/** Sets the demand of all, and waits until all have that many replicas. */
async function all({ plane, wattline, names }: Followers, demand: number, replicas: number): Promise<string> {
  for (const name of names) wattline.demand(name, demand)
  const texts: string[] = []
  for (const name of names) {
    await answerBecomes(wattline, name, replicas)
    texts.push(`${name} ${await replicasBecome(plane, name, replicas, PATIENT)}`)
  }
  return texts.join('; ')
}

export async function follow(followers: Followers): Promise<void> {
  const { plane, report, wattline, names } = followers
  const who = names.join(', ')
  await wattline.intensity(CLEAN)
  await report.check(`${who}: replicas follow demand up`, () => all(followers, 7, 7))
  await report.check(`${who}: and down`, () => all(followers, 3, 3))
  await report.check(`${who}: to zero`, () => all(followers, 0, 0))
  await report.check(`${who}: and back`, () => all(followers, 6, 6))
  await report.check(`${who}: the carbon budget binds when intensity rises`, async () => {
    await wattline.intensity(DIRTY)
    return all(followers, 6, DIRTY_REPLICAS)
  })
  await report.check(`${who}: and lets go when it falls`, async () => {
    await wattline.intensity(CLEAN)
    return all(followers, 6, 6)
  })
  await report.check(
    `${who}: replicas stay while the process that answers is killed and starts again`,
    async () => {
      await wattline.killAnswering()
      for (const name of names) await replicasStay(plane, name, 6, 8 / names.length)
      await wattline.startAnswering()
      for (const name of names) await replicasStay(plane, name, 6, 8 / names.length)
    },
  )
  await report.check(`${who}: and while the one that decides is`, async () => {
    await wattline.killDeciding()
    try {
      for (const name of names) await replicasStay(plane, name, 6, 6 / names.length)
    } finally {
      await wattline.startDeciding()
    }
    return all(followers, 5, 5)
  })
}

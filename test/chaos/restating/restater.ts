/** Takes in a scene and restates, in a process of its own that whoever started it kills. */
import { openRig } from '../../processors/recompute/rig.ts'
import { AT_FIRST, sceneOf } from './scene.ts'

const [path = '', seed = '', number = '', isKnown = ''] = process.argv.slice(2)
const { arrivals, revisions } = sceneOf(Number(seed), Number(number))
const rig = await openRig(path)
const say = (word: string): boolean => process.stdout.write(`${word}\n`)
say('open')
if (isKnown !== 'delivered') {
  if (number === '0') await rig.revise(AT_FIRST.from, AT_FIRST.to, AT_FIRST.gramsPerKwh)
  await rig.deliver(arrivals)
  for (const { from, to, gramsPerKwh } of revisions) await rig.revise(from, to, gramsPerKwh)
  say('delivered')
}
await rig.settle()
say('settled')
process.exit(0)

/**
 * Guarantees: undoing a join is exact also where both names have entries of other minutes, and where a configuration that
 * joined them is gone; doing it again changes nothing.
 */
import { expect, test } from 'vitest'
import {
  APART,
  arrivals,
  books,
  corrected,
  inOneFolder,
  JOINED,
  microjoules,
  named,
  recompute,
} from '../../processors/recompute/joins.ts'

test('a name that has entries of later minutes does not get what stands under its machine', async () => {
  const open = await inOneFolder()
  await open({}, async rig => {
    await rig.deliver(named())
    await rig.settle()
  })
  await open({ separate: ['node-7'] }, async rig => {
    await rig.deliver(named(['node-7'], 36_000))
    await rig.settle()
  })
  await open({}, async rig => {
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
    expect(await microjoules(rig)).toEqual(JOINED)
  })
  await open({ separate: ['node-7'] }, async rig => expect(await corrected(rig)).toEqual(APART))
})

test('a name that an alias gave to a machine and that no rule speaks of any more', async () => {
  const open = await inOneFolder()
  await open({ aliases: { 'bmc-7': 'node-8' } }, rig => rig.deliver(arrivals()))
  await open({}, async rig => {
    expect(await recompute(rig)).toMatchObject({ state: 'done' })
    expect(await books(rig)).toEqual(['bmc-7 host 100', 'node-7 cpu 60', 'node-8 cpu 60'])
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  })
})

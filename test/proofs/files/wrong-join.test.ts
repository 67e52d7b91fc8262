/**
 * Guarantees: a wrong join is undone by a corrected configuration and recomputing: energy moves to the right machine by entries that say
 * so, what was booked stays visible, each joule stands once, and doing it again changes nothing. A name under which nothing was booked
 * gets its energy once it stands for itself, and none while it stands for another machine.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  APART,
  arrivals,
  books,
  corrected,
  entries,
  inOneFolder,
  JOINED,
  microjoules,
  named,
  recompute,
} from '../../processors/recompute/joins.ts'
import { openRig } from '../../processors/recompute/rig.ts'

test('an alias that named another machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-wrong-join-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const wrong = await openRig(folder, { hosts: { aliases: { 'bmc-7': 'node-8' } } })
  await wrong.deliver(arrivals())
  await wrong.settle()
  expect(await books(wrong)).toEqual(['node-7 cpu 60', 'node-8 cpu 60', 'node-8 other 40'])
  await wrong.close()

  const right = await openRig(folder, { hosts: { aliases: { 'bmc-7': 'node-7' } } })
  try {
    expect((await recompute(right)).state).toBe('done')
    const corrected = await books(right)
    expect(corrected).toEqual(['node-7 cpu 60', 'node-7 other 40', 'node-8 cpu 60'])
    const kinds = await entries(right)
    expect(kinds.map(({ kind }) => kind)).toContain('correction')
    expect(await recompute(right)).toMatchObject({ state: 'done', entries: 0 })
    expect(await books(right)).toEqual(corrected)
    expect(await entries(right)).toEqual(kinds)
  } finally {
    await right.close()
  }
})

test('a name that is only separated gets its energy back, and gives it back when it is joined again', async () => {
  const open = await inOneFolder()
  await open({}, async rig => {
    await rig.deliver(named())
    await rig.settle()
    expect(await microjoules(rig)).toEqual(JOINED)
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  })
  await open({ separate: ['node-7'] }, async rig => {
    expect(await corrected(rig)).toEqual(APART)
    expect(await books(rig)).toEqual(['id-7 cpu 60', 'node-7 gpu 100'])
  })
  await open({}, async rig => expect(await corrected(rig)).toEqual(JOINED))
})

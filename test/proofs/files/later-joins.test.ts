/**
 * Guarantees: undoing a join is exact also where both names have entries of other minutes, and where a configuration that
 * joined them is gone, and where an id of a cloud stood for a machine; doing it again changes nothing.
 */
import { expect, test } from 'vitest'
import type { Arrival } from '../../books/scenes.ts'
import { at, reading } from '../../processors/meter/support.ts'
import {
  APART,
  arrivals,
  books,
  corrected,
  GPU_MILLIWATTS,
  inOneFolder,
  JOINED,
  microjoules,
  named,
  recompute,
  SECONDS,
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

/** The board's meter is an agent's that calls the machine by its cloud's id, beside the same name. */
const byCloudId = (said: readonly (readonly [host: string, name: string])[]): Arrival[] =>
  SECONDS.flatMap(s => [
    ...named(['id-7']).filter(({ arrives }) => arrives === s),
    ...[
      reading({
        ...{ Host: 'i-0abc', HostName: 'node-7', Quantity: 'power', Domain: 'gpu', Device: 'GPU-1' },
        ...{ Source: 'dcgm', BootId: '', Value: GPU_MILLIWATTS, Timestamp: at(s) },
      }),
      ...said.map(([Host, HostName]) =>
        reading({
          ...{ Host, HostName, Quantity: 'identity', Domain: '', Device: '', Value: 1n, Timestamp: at(s) },
          ...{ Source: 'kubernetes', BootId: '' },
        }),
      ),
    ].map(row => ({ arrives: s, row })),
  ])

test('a cloud’s id that follows from a place, separated and joined again', async () => {
  const place = 'gce://shop/a/node-7'
  const said = [
    ['id-7', place],
    ['i-0abc', place],
  ] as const
  const open = await inOneFolder()
  await open({}, async rig => {
    await rig.deliver(byCloudId(said))
    await rig.settle()
    expect(await microjoules(rig)).toEqual(JOINED)
    expect(await recompute(rig)).toMatchObject({ state: 'done', entries: 0 })
  })
  await open({ separate: ['i-0abc'] }, async rig =>
    expect(await corrected(rig)).toEqual({ 'id-7': APART['id-7'], 'i-0abc': APART['node-7'] }),
  )
  await open({}, async rig => expect(await corrected(rig)).toEqual(JOINED))
})

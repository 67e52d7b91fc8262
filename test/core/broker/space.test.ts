/**
 * Guarantees: on a full disk appends wait until there is known space, and the reserve is restored when the disk has
 * space.
 */
import { expect, test } from 'vitest'
import { RESERVE_BYTES, Space } from '../../../core/broker/embedded/space.ts'

const MIB = 1024 * 1024

function disk(freeBytes: number) {
  const state = { freeBytes, reserve: false }
  return {
    state,
    freeBytes: () => state.freeBytes,
    takeReserve() {
      if (!state.reserve && state.freeBytes < RESERVE_BYTES) return false
      if (!state.reserve) state.freeBytes -= RESERVE_BYTES
      state.reserve = true
      return true
    },
    dropReserve() {
      if (state.reserve) state.freeBytes += RESERVE_BYTES
      state.reserve = false
    },
  }
}

test('the configured size is exact to the byte', () => {
  const space = new Space(0, 1000, disk(100 * MIB))
  space.check(900, 100)
  expect(() => space.check(900, 101)).toThrow(expect.objectContaining({ code: 'disk_full' }))
})

test('a full disk releases the reserve and refuses appends until retention has freed pages', () => {
  const volume = disk(6 * MIB)
  const space = new Space(50 * MIB, 100 * MIB, volume)
  volume.state.freeBytes = 0
  space.diskFull()
  expect(volume.state).toEqual({ freeBytes: RESERVE_BYTES, reserve: false })
  expect(() => space.check(50 * MIB, 1)).toThrow('The disk is full')
  space.check(50 * MIB - RESERVE_BYTES - MIB, MIB)
  expect(() => space.check(50 * MIB - RESERVE_BYTES - MIB, MIB + 1)).toThrow('The disk is full')
})

test('space on the volume ends this state, and restores the reserve', () => {
  const volume = disk(6 * MIB)
  const space = new Space(0, 100 * MIB, volume)
  space.diskFull()
  expect(() => space.check(0, 1)).toThrow('The disk is full')
  volume.state.freeBytes = 2 * RESERVE_BYTES + 1
  space.check(0, 1)
  expect(volume.state.reserve).toBe(true)
  volume.state.freeBytes = 0
  space.check(0, MIB)
})

test('a log opened on a full disk starts as full', () => {
  expect(() => new Space(0, 100 * MIB, disk(0)).check(0, 1)).toThrow('The disk is full')
})

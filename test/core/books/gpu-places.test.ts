/** Guarantees: instances are told from the identity of a reading alone; what does not name one stands for the whole board. */
import { describe, expect, it } from 'vitest'
import {
  instanceDevice,
  instanceOf,
  isBoard,
  slicesOfModel,
  slicesOfProfile,
} from '../../../core/books/gpu-places.ts'

describe('instances', () => {
  it('are read as they are written', () => {
    expect(instanceOf(instanceDevice(3, 1, 7))).toEqual({ id: '3', slices: 1n, ofSlices: 7n })
    expect(instanceOf(instanceDevice('5.0', 2, 4))).toEqual({ id: '5.0', slices: 2n, ofSlices: 4n })
  })

  it.each(['', 'mig-3', 'mig-3:0/7', 'mig-3:8/7', 'mig-:1/7', 'mig-3:1/7 '])('%j is the whole board', text =>
    expect(instanceOf(text)).toEqual({ id: '', slices: 1n, ofSlices: 1n }),
  )

  it.each([
    ['1g.6gb', 1],
    ['3g.40gb', 3],
    ['1c.2g.10gb', 1],
    ['1g.10gb+me', 1],
    ['', undefined],
    ['0g.5gb', undefined],
  ])('profile %j has %j slices', (profile, slices) => expect(slicesOfProfile(profile)).toBe(slices))

  it.each([
    ['NVIDIA A30', 4],
    ['NVIDIA A100-SXM4-40GB', 7],
    ['NVIDIA H200', 7],
  ])('%s has %i', (model, slices) => expect(slicesOfModel(model)).toBe(slices))
})

it('knows boards', () => {
  expect(['gpu-GPU-1', 'mig-1', 'package-0', ''].map(isBoard)).toEqual([true, false, false, false])
})

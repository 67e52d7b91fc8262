/** Readers of the labels of GPU boards. */
import { instanceDevice, slicesOfModel, slicesOfProfile } from '../../../core/books/gpu-places.ts'
import { own } from './labels.ts'
import type { IgnoredReason, Located, PointContext } from './mapping.ts'

/**
 * The counter of a GPU board is repeated for every pod that shares it; without a workload the copies are one series.
 */
export const gpuBoard = ({ point }: PointContext): Located | IgnoredReason => {
  const uuid = own(point, 'UUID', 'uuid', 'gpu_uuid')
  return uuid === '' ? 'no_device' : { domain: `gpu-${uuid}` }
}

/** Values of an instance of a divided board stand beside those of the board. For an unknown profile, nothing is known. */
export function gpuInstance(place: PointContext): Located | IgnoredReason {
  const found = gpuBoard(place)
  const { point } = place
  const id = own(point, 'GPU_I_ID')
  if (typeof found === 'string' || id === '') return found
  const slices = slicesOfProfile(own(point, 'GPU_I_PROFILE'))
  if (slices === undefined) return 'label'
  return { ...found, device: instanceDevice(id, slices, slicesOfModel(own(point, 'modelName'))) }
}

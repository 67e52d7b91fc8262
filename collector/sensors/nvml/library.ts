/** The NVIDIA Management Library through `koffi`. The only file that calls foreign code. */
import koffi from 'koffi'
import type { NvmlLibrary } from './functions.ts'

/** Parameters of the functions that Wattline calls; d: a handle, u: an unsigned integer, p: memory of the caller. */
const SIGNATURES: Readonly<Record<string, string>> = {
  nvmlInit_v2: '',
  nvmlInit: '',
  nvmlShutdown: '',
  nvmlSystemGetDriverVersion: 'pu',
  nvmlDeviceGetCount_v2: 'p',
  nvmlDeviceGetCount: 'p',
  nvmlDeviceGetHandleByIndex_v2: 'up',
  nvmlDeviceGetHandleByIndex: 'up',
  nvmlDeviceGetUUID: 'dpu',
  nvmlDeviceGetName: 'dpu',
  nvmlDeviceGetTotalEnergyConsumption: 'dp',
  nvmlDeviceGetPowerUsage: 'dp',
  nvmlDeviceGetUtilizationRates: 'dp',
  nvmlDeviceGetMemoryInfo_v2: 'dp',
  nvmlDeviceGetMemoryInfo: 'dp',
  nvmlDeviceGetProcessUtilization: 'dppl',
  nvmlDeviceGetComputeRunningProcesses_v3: 'dpp',
  nvmlDeviceGetComputeRunningProcesses_v2: 'dpp',
  nvmlDeviceGetComputeRunningProcesses: 'dpp',
  nvmlDeviceGetGraphicsRunningProcesses_v3: 'dpp',
  nvmlDeviceGetGraphicsRunningProcesses_v2: 'dpp',
  nvmlDeviceGetGraphicsRunningProcesses: 'dpp',
  nvmlDeviceGetMPSComputeRunningProcesses_v3: 'dpp',
  nvmlDeviceGetMPSComputeRunningProcesses_v2: 'dpp',
  nvmlDeviceGetMPSComputeRunningProcesses: 'dpp',
  nvmlDeviceGetMigMode: 'dpp',
  nvmlDeviceGetMaxMigDeviceCount: 'dp',
  nvmlDeviceGetMigDeviceHandleByIndex: 'dup',
  nvmlDeviceGetGpuInstanceId: 'dp',
  nvmlDeviceGetComputeInstanceId: 'dp',
  nvmlDeviceGetAttributes_v2: 'dp',
  nvmlDeviceGetAttributes: 'dp',
  nvmlGpmQueryDeviceSupport: 'dp',
  nvmlGpmSampleAlloc: 'p',
  nvmlGpmSampleFree: 'd',
  nvmlGpmMigSampleGet: 'dud',
  nvmlGpmMetricsGet: 'p',
}
const TYPES: Readonly<Record<string, string>> = { d: 'uintptr_t', u: 'uint32_t', l: 'uint64_t', p: 'void *' }

/** Loads the library. @throws Error as the loader says */
export function openNvml(path: string): NvmlLibrary {
  const library = koffi.load(path)
  const functions = new Map<string, ((...args: unknown[]) => number) | null>()
  const find = (name: string): ((...args: unknown[]) => number) | null => {
    const known = functions.get(name)
    if (known !== undefined) return known
    const parameters = [...(SIGNATURES[name] ?? '')].map(letter => TYPES[letter] ?? 'void *')
    let found: ((...args: unknown[]) => number) | null
    try {
      found = library.func(name, 'int', parameters) as unknown as (...args: unknown[]) => number
    } catch {
      // Not in this version of the library.
      found = null
    }
    functions.set(name, found)
    return found
  }
  return { call: (name, ...args) => find(name)?.(...args) ?? null }
}

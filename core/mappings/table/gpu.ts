/** Exporters of accelerators: DCGM and other exporters of NVIDIA boards, and AMD's. */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const board = { reader: 'gpu_board' } as const
const dcgm = rowsOf('dcgm', { host: ['{Hostname}', '{hostname}'], ...board })
/** Some exporters leave out the first four characters of the UUID. */
const smi = rowsOf('nvidia_gpu_exporter', {
  when: { uuid: '/^(?:GPU-)?(?<board>[0-9a-f-]{36})$/' },
  domain: 'gpu-GPU-{board}',
})
const amd = rowsOf('amd_exporter', { host: '{hostname}' })

export const GPU_ROWS: readonly BuiltInRow[] = [
  dcgm('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'energy', 'mJ', {}),
  dcgm('DCGM_FI_DEV_POWER_USAGE', 'power', 'W', {}),
  smi('nvidia_smi_power_draw_watts', 'power', 'W', {}),
  smi('nvidia_gpu_power_usage_milliwatts', 'power', 'mW', {}),
  amd('gpu_package_power', 'power', 'W', { domain: 'gpu-{gpu_uuid|serial_number|gpu_id}' }),
  amd('amd_gpu_power', 'power', 'W', { domain: 'gpu-{gpu_uuid|gpu_power|productname}' }),
]

/** Exporters of accelerators: DCGM and other exporters of NVIDIA boards, AMD's, and who holds which board. */
import type { BuiltInRow, MappingWorkload } from '../row.ts'
import { type RowRest, rowsOf } from './builder.ts'

const board = { reader: 'gpu_board' } as const
const dcgm = rowsOf('dcgm', { host: ['{Hostname}', '{hostname}'] })
/** Some exporters leave out the first four characters of the UUID. */
const smi = rowsOf('nvidia_gpu_exporter', {
  when: { uuid: '/^(?:GPU-)?(?<board>[0-9a-f-]{36})$/' },
  domain: 'gpu-GPU-{board}',
})
const amd = rowsOf('amd_exporter', { host: '{hostname}' })
const amdBoard = 'gpu-{gpu_uuid|serial_number|gpu_id}'

/** In Kubernetes and with SLURM, samples name who holds the board or instance; a board shared in turns has a copy for each. */
const container: MappingWorkload = {
  kind: 'container',
  id: ['{pod_uid}/{container}', '{namespace}/{pod}/{container}'],
  name: '{container}',
  namespace: '{namespace|""}',
  labels: {
    'k8s.container.name': '{container}',
    'k8s.namespace.name': '{namespace}',
    'k8s.pod.name': '{pod}',
    'k8s.pod.uid': '{pod_uid}',
  },
}
const held = (when: RowRest['when'], workload: MappingWorkload): RowRest => ({
  reader: 'gpu_instance',
  value: '1',
  when,
  workload,
})
const HOLDERS: readonly RowRest[] = [
  held({ pod: '/./', container: '/./' }, container),
  held(
    { pod: '/./' },
    {
      kind: 'pod',
      id: ['{pod_uid}', '{namespace}/{pod}'],
      name: '{pod}',
      namespace: '{namespace|""}',
      labels: { 'k8s.namespace.name': '{namespace}', 'k8s.pod.name': '{pod}', 'k8s.pod.uid': '{pod_uid}' },
    },
  ),
  held({ hpc_job: '/^[0-9]+$/' }, { kind: 'slurm_job', id: '{hpc_job}' }),
]

export const GPU_ROWS: readonly BuiltInRow[] = [
  dcgm('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'energy', 'mJ', board),
  dcgm('DCGM_FI_DEV_POWER_USAGE', 'power', 'W', board),
  dcgm('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'gpu_utilization', '1', { reader: 'gpu_instance' }),
  dcgm('DCGM_FI_DEV_GPU_UTIL', 'gpu_utilization', '%', { reader: 'gpu_instance' }),
  ...HOLDERS.map(rest => dcgm('DCGM_FI_DEV_FB_USED', 'gpu_held', '1', rest)),
  smi('nvidia_smi_power_draw_watts', 'power', 'W', {}),
  smi('nvidia_smi_utilization_gpu_ratio', 'gpu_utilization', '1', {}),
  smi('nvidia_gpu_power_usage_milliwatts', 'power', 'mW', {}),
  smi('nvidia_gpu_duty_cycle', 'gpu_utilization', '%', {}),
  amd('gpu_package_power', 'power', 'W', { domain: amdBoard }),
  amd('gpu_gfx_activity', 'gpu_utilization', '%', { domain: amdBoard }),
  amd('amd_gpu_power', 'power', 'W', { domain: 'gpu-{gpu_uuid|gpu_power|productname}' }),
]

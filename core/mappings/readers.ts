/** Readers: code that finds the place or workload of a point where templates do not suffice (collector/readings/mappings). */

/** What each reader finds, for the reference page. */
export const READERS = {
  hardware: 'component by `hw.type`, `hw.id` and `hw.parent`',
  cpu_mode: 'CPU mode; `device` is the CPU number',
  otel_process: 'process, or the workload of its control group',
  otel_container: 'container by id, or by pod and name',
  otel_pod: 'pod by uid, or by namespace and name',
  rapl_zone: 'RAPL zone; the memory-mapped interface is another source of the same meter',
  kepler_mode: 'zone; `dynamic` and `idle` add up',
  kepler_process: 'process, or its container or VM',
  gpu_board: 'board by UUID; copies for pods, MIG instances and vGPUs are one meter',
  gpu_instance: 'board by UUID, and the instance of a board that is divided (MIG)',
  cadvisor: 'container by control group, or by pod and name',
  cgroup: 'workload of a control group; parts of it are left out',
} as const
/** Name of a reader. */
export type ReaderName = keyof typeof READERS

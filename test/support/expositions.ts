/** Output of exporters, in the shape of recorded expositions: their families, labels and units, with our numbers. */

export interface Meters {
  /** Joules counted by a package, CPU seconds used. */
  readonly joules: number
  readonly cpuSeconds: number
  /** Milliseconds since 1970; '' leaves the time to the scraper. */
  readonly timeMs: number | ''
}

/** node_exporter 1.12 with its RAPL collector. */
export const nodeExporter = ({
  joules,
  cpuSeconds,
  timeMs,
}: Meters): string => `# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 8
# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 90000.5 ${timeMs}
node_cpu_seconds_total{cpu="0",mode="user"} ${cpuSeconds} ${timeMs}
# HELP node_rapl_package_joules_total Current RAPL package value in joules
# TYPE node_rapl_package_joules_total counter
node_rapl_package_joules_total{index="0",path="/sys/class/powercap/intel-rapl:0"} ${joules} ${timeMs}
# HELP node_scrape_collector_success node_exporter: Whether a collector succeeded.
# TYPE node_scrape_collector_success gauge
node_scrape_collector_success{collector="rapl"} 1
`

/** Kepler 0.11. */
export const kepler = `# HELP kepler_node_cpu_joules_total Energy consumption of cpu at node level in joules
# TYPE kepler_node_cpu_joules_total counter
kepler_node_cpu_joules_total{node_name="worker-3",path="/sys/class/powercap/intel-rapl:0",zone="package"} 1042.75
# HELP kepler_process_cpu_seconds_total Total user and system time of cpu at process level in seconds
# TYPE kepler_process_cpu_seconds_total counter
kepler_process_cpu_seconds_total{cgroup_id="",comm="postgres",container_id="",exe="/usr/bin/postgres",node_name="worker-3",pid="912",type="regular",vm_id=""} 12.5
`

/** DCGM exporter 4.5. */
export const dcgm = `# HELP DCGM_FI_DEV_POWER_USAGE Power draw (in W).
# TYPE DCGM_FI_DEV_POWER_USAGE gauge
DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-4c1e",pci_bus_id="00000000:07:00.0",device="nvidia0",modelName="NVIDIA H100",Hostname="gpu-1"} 312.5
# HELP DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION Total energy consumption since boot (in mJ).
# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter
DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-4c1e",pci_bus_id="00000000:07:00.0",device="nvidia0",modelName="NVIDIA H100",Hostname="gpu-1"} 8.1234567e+07
`

const POD = '1f0c7c9e-7c1e-4f0d-9c64-6f4a1d5ac001'
const CONTAINER = '8f7c'.repeat(16)
/** cAdvisor as the kubelet serves it, with its own times. */
export const cadvisor = (
  timeMs: number,
): string => `# HELP container_cpu_usage_seconds_total Cumulative cpu time consumed in seconds.
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="",cpu="total",id="/kubepods.slice",image="",name="",namespace="",pod=""} 400 ${timeMs}
container_cpu_usage_seconds_total{container="api",cpu="total",id="/kubepods.slice/kubepods-pod${POD.replaceAll('-', '_')}.slice/cri-containerd-${CONTAINER}.scope",image="registry/api:1",name="${CONTAINER}",namespace="shop",pod="api-0"} 33.25 ${timeMs}
`

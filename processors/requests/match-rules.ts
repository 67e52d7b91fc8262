/**
 * Which workload a span's resource names, as data: for each rule the keys that a resource gives and the keys that a workload of
 * the ledger gives. Where both give one key, and one workload alone does, they belong together. Stronger rules come first.
 *
 * Expressions are SQL. Of a resource there are `r` (its attributes) and `Service`; of a workload `Host`, `HostName`,
 * `WorkloadKind`, `WorkloadId`, `WorkloadName`, `Namespace` and `l` (its labels). Each is an array of texts; '' is no key.
 */
export interface MatchRule {
  /** As column `Match` has it. */
  readonly name: string
  /** For the table of docs/requests.md. */
  readonly resource: string
  readonly workload: string
  readonly ofResource: string
  readonly ofWorkload: string
}

/** A container's id is written with the name of its runtime in front, or without. */
const CONTAINER = "replaceRegexpOne(r['container.id'], '^[a-z0-9.-]+://', '')"
/** The last control group that is a container's. */
const CGROUP_CONTAINER = "extract(r['process.linux.cgroup'], '([0-9a-f]{64})(?:\\\\.scope)?(?:/[^/]*)*$')"
const CGROUP_UNIT = "extract(r['process.linux.cgroup'], '/([^/]+\\\\.(?:service|scope))(?:/|$)')"

/** Parts with a slash between them; '' where one is empty. */
const joined = (...parts: readonly string[]): string =>
  `if(${parts.map(part => `${part} != ''`).join(' AND ')}, concat(${parts.join(", '/', ")}), '')`

/** The machine as a resource names it, with a name on it: such names are of one machine alone. */
const onHost = (name: string): string =>
  `arrayFilter(k -> ${name} != '', arrayMap(h -> concat(h, '/', ${name}), arrayFilter(h -> h != '', ${RESOURCE_HOSTS})))`
/** Names by which a resource calls its machine. */
export const RESOURCE_HOSTS = "[r['host.id'], r['host.name'], r['k8s.node.name']]"
const ofHost = (name: string): string =>
  `arrayFilter(k -> ${name} != '', [concat(Host, '/', ${name}), concat(HostName, '/', ${name})])`

const kind = (name: string, keys: string): string => `if(WorkloadKind = '${name}', ${keys}, [])`

const POD = joined("r['k8s.namespace.name']", "r['k8s.pod.name']")
const POD_OF = joined("l['k8s.namespace.name']", "l['k8s.pod.name']")
const EXECUTABLE =
  "if(r['process.executable.name'] != '', r['process.executable.name'], extract(r['process.executable.path'], '[^/\\\\\\\\]+$'))"

/** Whose container or pod is known and not in the ledger is not another one of the same name. */
const IN_CONTAINER = "r['container.id'] != '' OR r['k8s.pod.uid'] != '' OR r['k8s.pod.name'] != ''"

/** Rules in the order of their strength. */
export const MATCH_RULES: readonly MatchRule[] = [
  {
    name: 'container_id',
    resource: '`container.id`, or the container in `process.linux.cgroup`',
    workload: 'container with that id',
    ofResource: `[${CONTAINER}, ${CGROUP_CONTAINER}]`,
    ofWorkload: kind('container', "[WorkloadId, l['container.id']]"),
  },
  {
    name: 'pod_container',
    resource: '`k8s.pod.uid`, or `k8s.namespace.name` and `k8s.pod.name`; and `k8s.container.name`',
    workload: 'container of that name in the pod',
    ofResource: `[${joined("r['k8s.pod.uid']", "r['k8s.container.name']")}, ${joined("r['k8s.namespace.name']", "r['k8s.pod.name']", "r['k8s.container.name']")}]`,
    ofWorkload: kind(
      'container',
      `[if(position(WorkloadId, '/') > 0, WorkloadId, ''), ${joined("l['k8s.pod.uid']", "l['k8s.container.name']")}, ${joined("l['k8s.namespace.name']", "l['k8s.pod.name']", "l['k8s.container.name']")}]`,
    ),
  },
  {
    name: 'service_instance',
    resource: '`service.instance.id` of the form namespace.pod.container, as the Kubernetes operator sets it',
    workload: 'container of that name in the pod',
    ofResource: "[r['service.instance.id']]",
    ofWorkload: kind(
      'container',
      `[replaceAll(${joined("l['k8s.namespace.name']", "l['k8s.pod.name']", "l['k8s.container.name']")}, '/', '.')]`,
    ),
  },
  {
    name: 'pod',
    resource: '`k8s.pod.uid`, or `k8s.namespace.name` and `k8s.pod.name`',
    workload: 'pod, or the only container of the pod',
    ofResource: `[r['k8s.pod.uid'], ${POD}]`,
    ofWorkload: `if(WorkloadKind IN ('pod', 'container'), [if(WorkloadKind = 'pod', WorkloadId, ''), l['k8s.pod.uid'], ${POD_OF}], [])`,
  },
  {
    name: 'systemd_unit',
    resource: 'the host; and `systemd.unit`, or the unit in `process.linux.cgroup`',
    workload: 'unit of that name on the host',
    ofResource: `arrayConcat(${onHost("r['systemd.unit']")}, ${onHost(CGROUP_UNIT)})`,
    ofWorkload: kind('systemd_unit', ofHost('WorkloadId')),
  },
  {
    name: 'slurm_job',
    resource: 'the host; and `slurm.job.id`',
    workload: 'job of that id on the host',
    ofResource: onHost("r['slurm.job.id']"),
    ofWorkload: kind('slurm_job', ofHost('WorkloadId')),
  },
  {
    name: 'function',
    resource: '`faas.instance`, or `faas.name`',
    workload: 'function of that id or name',
    ofResource: "[r['faas.instance'], r['faas.name']]",
    ofWorkload: kind('function', '[WorkloadId, WorkloadName]'),
  },
  {
    name: 'process',
    resource: 'the host; and `process.executable.name`, or the file name of `process.executable.path`',
    workload: 'processes of that executable on the host',
    // The kernel cuts names of processes at 15 characters.
    ofResource: `arrayConcat(${onHost(EXECUTABLE)}, ${onHost(`substring(${EXECUTABLE}, 1, 15)`)})`,
    ofWorkload: kind('process', ofHost('WorkloadId')),
  },
  {
    name: 'vm',
    resource: '`host.id`, or `host.name`',
    workload: 'virtual machine of that id or name',
    ofResource: "[r['host.id'], r['host.name']]",
    ofWorkload: kind('vm', '[WorkloadId, WorkloadName]'),
  },
  {
    name: 'service_name',
    resource: '`service.name`, and the host where it is given (**weak**: by name alone)',
    workload: 'the only workload with that name or `service.name`',
    ofResource: `multiIf(${IN_CONTAINER}, [], arrayExists(h -> h != '', ${RESOURCE_HOSTS}), ${onHost('Service')}, Service = '', [], [concat('/', Service)])`,
    ofWorkload: ['Host', 'HostName', "''"]
      .flatMap(host =>
        [
          'WorkloadName',
          'WorkloadId',
          "replaceRegexpOne(WorkloadId, '\\\\.service$', '')",
          "l['service.name']",
        ].map(name => `if(${name} = '', '', concat(${host}, '/', ${name}))`),
      )
      .join(', ')
      .replace(/^/, '[')
      .concat(']'),
  },
]

/** The rule that goes by a service's name alone. */
export const WEAK_RULE = 'service_name'

/**
 * Guarantees: control groups of the container runtimes, libvirt, SLURM and systemd are recognised by their names in
 * both layouts, the finest billed unit wins, and helpers of runtimes are not treated as containers.
 */
import { describe, expect, test } from 'vitest'
import { classifyCgroup } from '../../../../collector/readings/mappings/cgroup-patterns.ts'

const ID = '0123456789abcdef'.repeat(4)
const OTHER = 'f'.repeat(64)
const UID = '0a1b2c3d-1111-2222-3333-444455556666'
const ESCAPED = UID.replaceAll('-', '_')
const STATIC = 'a'.repeat(32)

const TABLE: readonly [string, string | undefined][] = [
  // docker, systemd and cgroupfs drivers
  [`/system.slice/docker-${ID}.scope`, `container ${ID}`],
  [`/docker/${ID}`, `container ${ID}`],
  // kubernetes: containerd, cri-o, cgroupfs
  [
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${ESCAPED}.slice/cri-containerd-${ID}.scope`,
    `container ${ID}`,
  ],
  [`/kubepods.slice/kubepods-pod${ESCAPED}.slice/crio-${ID}.scope`, `container ${ID}`],
  [`/kubepods/besteffort/pod${UID}/${ID}`, `container ${ID}`],
  [`/kubepods/burstable/pod${STATIC}/${ID}`, `container ${ID}`],
  // podman, nerdctl, lxc
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`, `container ${ID}`],
  [`/machine.slice/libpod-${ID}.scope/container`, `container ${ID}`],
  [`/libpod_parent/libpod-${ID}`, `container ${ID}`],
  [`/system.slice/nerdctl-${ID}.scope`, `container ${ID}`],
  ['/lxc.payload.web-1', 'container web-1'],
  // virtual machines and jobs
  ['/machine.slice/machine-qemu\\x2d3\\x2ddb\\x2d1.scope', 'vm db-1'],
  ['/machine.slice/machine-qemu\\x2d3\\x2ddb.scope/libvirt/emulator', 'vm db'],
  ['/machine/qemu-3-db.libvirt-qemu/vcpu0', 'vm db'],
  ['/system.slice/slurmstepd.scope/job_123/step_0/user/task_0', 'slurm_job 123'],
  ['/slurm/uid_1000/job_77/step_batch', 'slurm_job 77'],
  // systemd
  ['/system.slice/nginx.service', 'systemd_unit nginx.service'],
  ['/system.slice/nginx.service/worker', 'systemd_unit nginx.service'],
  [
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox.scope',
    'systemd_unit app-firefox.scope',
  ],
  ['/system.slice/system-getty.slice/getty@tty1.service', 'systemd_unit getty@tty1.service'],
  // the finest billed thing: inner container, container before the units inside it
  [`/docker/${OTHER}/docker/${ID}`, `container ${ID}`],
  [`/docker/${ID}/system.slice/cron.service`, `container ${ID}`],
  [`/docker/${OTHER}/kubelet/kubepods/pod${UID}/${ID}`, `container ${ID}`],
  // helpers and things that only look alike
  [`/system.slice/crio-conmon-${ID}.scope`, `systemd_unit crio-conmon-${ID}.scope`],
  ['/process_api/0123456789abcdef0123456789abcdef', undefined],
  ['/job_123', undefined],
  ['/kubepods.slice', undefined],
  [`/kubepods/besteffort/pod${UID}`, undefined],
  ['/', undefined],
  ['', undefined],
]

describe('classifyCgroup', () => {
  test.each(TABLE)('%s is %s', (path, expected) => {
    const found = classifyCgroup(path)
    expect(found && `${found.kind} ${found.id}`).toBe(expected)
    if (found !== undefined) expect(`${path}/`.startsWith(`${found.path}/`)).toBe(true)
  })

  test('a container has a runtime, a pod and a short name', () => {
    const path = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${ESCAPED}.slice/cri-containerd-${ID}.scope`
    expect(classifyCgroup(path)).toEqual({
      kind: 'container',
      id: ID,
      name: '0123456789ab',
      path,
      attributes: {
        'container.id': ID,
        'container.runtime.name': 'containerd',
        'k8s.pod.uid': UID,
      },
    })
    expect(classifyCgroup(`/kubepods/pod${STATIC}/${ID}`)?.attributes['k8s.pod.uid']).toBe(STATIC)
  })
})

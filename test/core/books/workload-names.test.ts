/**
 * Guarantees: workloads that share a name are one, under the best name; several with the better name stay apart; the rules are
 * data, and kinds without rules are never joined.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWorseName, joinedNames, nameKeys } from '../../../core/books/workload-names.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'

const UID = '0a1b2c3d-1111-2222-3333-444455556666'
const VM = '57f2d45e-8ddf-4338-91df-62d0044ff1b5'
const ofPod = { 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'web-1', 'k8s.pod.uid': UID }
const ofContainer = { ...ofPod, 'k8s.container.name': 'web' }
const workload = (kind: string, id: string, labels: LabelMap = {}) => ({ kind, id, labels })

test.each<readonly [string, readonly ReturnType<typeof workload>[], readonly (number | null)[]]>([
  [
    'a container by id, by uid and name, by namespace, pod and name',
    [
      workload('container', 'shop/web-1/web', { ...ofContainer, 'k8s.pod.uid': '' }),
      workload('container', 'c1', ofContainer),
      workload('container', `${UID}/web`, ofContainer),
    ],
    [1, 1, 1],
  ],
  [
    'through a third that knows both names',
    [
      workload('container', 'shop/web-1/web'),
      workload('container', 'c1', { 'k8s.pod.uid': UID, 'k8s.container.name': 'web' }),
      workload('container', `${UID}/web`, ofContainer),
    ],
    [1, 1, 1],
  ],
  [
    'a restarted container has two ids and no third name',
    [
      workload('container', 'c1', ofContainer),
      workload('container', 'c2', ofContainer),
      workload('container', `${UID}/web`, ofContainer),
      workload('container', 'shop/web-1/web'),
    ],
    [0, 1, null, null],
  ],
  ['a pod by uid and by name', [workload('pod', 'shop/web-1'), workload('pod', UID, ofPod)], [1, 1]],
  [
    'a VM by UUID and by domain, whoever knows the other name',
    [
      workload('vm', 'instance-00000001', { 'vm.uuid': VM }),
      workload('vm', VM),
      workload('vm', 'instance-00000002'),
    ],
    [1, 1, 2],
  ],
  [
    'another VM whose labels say the domain',
    [workload('vm', VM, { 'libvirt.domain': 'instance-1' }), workload('vm', 'instance-1')],
    [0, 0],
  ],
  [
    'kinds are apart, and others have one name',
    [
      workload('pod', 'a/b'),
      workload('container', 'a/b'),
      workload('process', 'x'),
      workload('process', 'x/y'),
    ],
    [0, 1, 2, 3],
  ],
])('%s', (_, workloads, expected) => {
  expect(joinedNames(workloads)).toEqual(expected)
})

test('names that nobody shares are the workload’s own, whatever they contain', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('container', 'pod', 'vm', 'slurm_job'),
      fc.uniqueArray(fc.string()),
      (kind, ids) => {
        const workloads = ids.map(id => workload(kind, id))
        expect(joinedNames(workloads)).toEqual(ids.map((_, index) => index))
      },
    ),
  )
})

test('the best names are those that ids have', () => {
  expect([isWorseName('container', 'c1'), isWorseName('container', 'u/web'), isWorseName('vm', VM)]).toEqual([
    false,
    true,
    false,
  ])
  expect(isWorseName('slurm_job', 'a/b')).toBe(false)
  expect(nameKeys(workload('systemd_unit', 'x.service'))).toEqual([])
})

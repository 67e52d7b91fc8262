/** Guarantees: boards and processes are read from what the commands really print, whichever version; what they do not print is a gap. */
import { describe, expect, it } from 'vitest'
import type { RunCommand } from '../../../../collector/sensors/gpu/command-reader.ts'
import { readAmdSmi } from '../../../../collector/sensors/smi/amd-smi.ts'
import { readNvidiaSmi } from '../../../../collector/sensors/smi/nvidia-smi.ts'

const answering =
  (answers: Readonly<Record<string, string>>): RunCommand =>
  async args => {
    const found = Object.entries(answers).find(([start]) => args.join(' ').startsWith(start))
    if (found === undefined) throw new Error(`unknown option ${args.join(' ')}`)
    return found[1]
  }
const now = (): bigint => 7n

const QUERY = `0, GPU-4c1e7e2a-0000-0000-0000-000000000001, NVIDIA A100-SXM4-40GB, 70.12, 85, 12, 3210
1, GPU-4c1e7e2a-0000-0000-0000-000000000002, Tesla M10, [N/A], [Not Supported], [N/A], 1
`
const APPS = `GPU-4c1e7e2a-0000-0000-0000-000000000001, 4242, 3000
GPU-4c1e7e2a-0000-0000-0000-000000000002, 77, [N/A]
`
/** Drivers before 545, and since. */
const PMON = `# gpu        pid  type    sm   mem   enc   dec    fb   command
# Idx          #   C/G     %     %     %     %    MB   name
    0       4242     C    80     9     -     -  3000   python3
    0       4243     C     -     -     -     -   200   python3
    1          -     -     -     -     -     -     -   -
`
const PMON_NEWER = `# gpu         pid   type     sm    mem    enc    dec    jpg    ofa     fb   ccpm    command
# Idx           #    C/G      %      %      %      %      %      %     MB     MB    name
    0        4242     C      80      9      -      -      -      -   3000      0    python3
    0        4243     C       -      -      -      -      -      -    200      0    python3
    1           -     -       -      -      -      -      -      -      -      -    -
`

describe('nvidia-smi', () => {
  it.each([PMON, PMON_NEWER])('boards, processes and their use, by the names of columns', async pmon => {
    const { boards, timeUnixNano } = await readNvidiaSmi(
      answering({ '--query-gpu': QUERY, '--query-compute-apps': APPS, pmon }),
      now,
    )
    expect(timeUnixNano).toBe(7n)
    expect(boards[0]).toEqual({
      uuid: 'GPU-4c1e7e2a-0000-0000-0000-000000000001',
      model: 'NVIDIA A100-SXM4-40GB',
      energyUj: null,
      powerMw: 70_120n,
      utilization: 850_000n,
      memoryUtilization: 120_000n,
      memoryBytes: 3210n * 1_048_576n,
      instances: [],
      processes: [
        { pid: 4242, device: '', busy: 800_000n, memoryBytes: 3000n * 1_048_576n },
        { pid: 4243, device: '', busy: 0n, memoryBytes: 200n * 1_048_576n },
      ],
      gaps: [{ field: 'energy', reason: 'nvidia-smi shows no energy counter' }],
    })
    expect(boards[1]).toMatchObject({
      powerMw: null,
      processes: [{ pid: 77, busy: null, memoryBytes: null }],
    })
    expect(boards[1]?.gaps.map(({ field }) => field)).toEqual([
      ...['energy', 'power', 'utilization', 'process_utilization'],
    ])
  })

  it('without processes: who holds a board is not known', async () => {
    const { boards } = await readNvidiaSmi(answering({ '--query-gpu': QUERY }), now)
    expect(boards[0]?.processes).toBeNull()
  })

  it('fails with the words of the command', async () => {
    await expect(readNvidiaSmi(answering({}), now)).rejects.toThrow(/unknown option --query-gpu/)
  })
})

describe('amd-smi', () => {
  const LIST = '[{"gpu": 0, "bdf": "0000:03:00.0", "uuid": "b4ff74a0-0000-1000-8000-000000000001"}]'
  const METRIC = `[{"gpu": 0, "usage": {"gfx_activity": {"value": 42, "unit": "%"}, "umc_activity": {"value": 7, "unit": "%"}},
    "power": {"socket_power": {"value": 133, "unit": "W"}}, "energy": {"total_energy_consumption": {"value": 1234.567, "unit": "J"}},
    "mem_usage": {"used_vram": {"value": 283, "unit": "MB"}}}]`
  const PROCESS = `[{"gpu": 0, "process_list": [{"process_info": {"name": "python3", "pid": 4242,
    "memory_usage": {"gtt_mem": {"value": 0, "unit": "B"}, "vram_mem": {"value": 1024, "unit": "B"}},
    "usage": {"gfx": {"value": 5000000, "unit": "ns"}, "enc": {"value": 0, "unit": "ns"}}}}]}]`

  it('values with units', async () => {
    const { boards } = await readAmdSmi(answering({ list: LIST, metric: METRIC, process: PROCESS }), now)
    expect(boards).toEqual([
      {
        uuid: 'b4ff74a0-0000-1000-8000-000000000001',
        model: 'AMD',
        energyUj: 1_234_567_000n,
        powerMw: 133_000n,
        utilization: 420_000n,
        memoryUtilization: 70_000n,
        memoryBytes: 283n * 1_048_576n,
        instances: [],
        processes: [{ pid: 4242, device: '', busy: null, busyUs: 5000n, memoryBytes: 1024n }],
        gaps: [],
      },
    ])
  })

  it('boards as a member, bare numbers, and N/A', async () => {
    const metric =
      '{"gpu_data": [{"gpu": 0, "usage": "N/A", "power": {"socket_power": "N/A", "average_socket_power": 90}}]}'
    const processes = '{"gpu_data": [{"gpu": 0, "process_list": "No running processes detected"}]}'
    const { boards } = await readAmdSmi(
      answering({ list: `{"gpu_data": ${LIST}}`, metric, process: processes }),
      now,
    )
    expect(boards[0]).toMatchObject({ powerMw: 90_000n, energyUj: null, utilization: null, processes: null })
  })
})

/** Starts the simulators, and says what they show: power and a counter that a test changes while they run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { IpmiPrograms } from './programs.ts'

export interface Simulator {
  readonly address: string
  /** Shows this from now on. */
  show(watts: number, joules: number): void
  end(): Promise<void>
}

export const ACCOUNT = { user: 'monitor', password: 'simulated' } as const

const started = async (child: ChildProcess, address: string, show: Simulator['show']): Promise<Simulator> => {
  const exited = once(child, 'exit')
  await new Promise(resolve => setTimeout(resolve, 1500))
  if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
  return {
    address,
    show,
    async end() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** ipmi_sim with one controller and one user. */
export async function startIpmi(programs: IpmiPrograms, folder: string): Promise<Simulator> {
  mkdirSync(join(folder, 'state'), { recursive: true })
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  const watts = join(folder, 'watts')
  const show = (value: number): void => writeAtOnce(watts, String(value))
  show(0)
  const auths = ['callback', 'user', 'operator', 'admin'].map(
    who => `  allowed_auths_${who} none md2 md5 straight`,
  )
  writeFileSync(
    join(folder, 'lan.conf'),
    [
      'name "simulated"',
      `loadlib "${programs.module}" "${watts}"`,
      'startlan 1',
      `  addr 127.0.0.1 ${port}`,
      '  priv_limit admin',
      ...auths,
      '  guid a123456789abcdefa123456789abcdef',
      'endlan',
      `user 2 true "${ACCOUNT.user}" "${ACCOUNT.password}" admin 10 none md2 md5 straight`,
      '',
    ].join('\n'),
  )
  writeFileSync(
    join(folder, 'controller.emu'),
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n',
  )
  const parameters = ['-c', 'lan.conf', '-f', 'controller.emu', '-s', 'state', '-n']
  const child = spawn(programs.simulator, parameters, {
    cwd: folder,
    env: programs.environment,
    stdio: 'ignore',
  })
  return await started(child, `127.0.0.1:${port}`, show)
}

/** sushy-static with a machine whose EnvironmentMetrics change. */
export async function startRedfish(program: string, folder: string): Promise<Simulator> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  const put = (path: string, resource: object): void => {
    mkdirSync(join(folder, path), { recursive: true })
    writeAtOnce(join(folder, path, 'index.json'), JSON.stringify(resource))
  }
  const link = (path: string) => ({ '@odata.id': `/redfish/v1${path}` })
  const show = (watts: number, joules: number): void =>
    put('Chassis/1U/EnvironmentMetrics', {
      PowerWatts: { Reading: watts },
      EnergyJoules: { Reading: joules },
      EnergykWh: { Reading: Math.round(joules / 36_000) / 100 },
    })
  put('', { Chassis: link('/Chassis') })
  put('Chassis', { Members: [link('/Chassis/1U')] })
  put('Chassis/1U', {
    '@odata.id': '/redfish/v1/Chassis/1U',
    Id: '1U',
    ChassisType: 'RackMount',
    EnvironmentMetrics: link('/Chassis/1U/EnvironmentMetrics'),
    Links: { ComputerSystems: [link('/Systems/1')] },
  })
  show(0, 1)
  const parameters = ['-i', '127.0.0.1', '-p', String(port), '-m', folder]
  return await started(spawn(program, parameters, { stdio: 'ignore' }), `http://127.0.0.1:${port}`, show)
}

/** A reader sees the old content or the new one, never half of it. */
export function writeAtOnce(path: string, content: string): void {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

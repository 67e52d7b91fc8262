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

/** Watts of a step of the sensor: readings have eight bits. */
export const SENSOR_STEP = 2
const SENSOR = 3

/** A full sensor record (IPMI v2.0, 43.1): `Pwr Consumption`, two watts a step. */
function sensorRecord(): number[] {
  const name = 'Pwr Consumption'
  const record = new Array<number>(48).fill(0)
  record.splice(0, 8, 0, 0, 0x51, 1, 43 + name.length, 0x20, 0, SENSOR)
  record.splice(12, 2, 0x0b, 0x01)
  record.splice(20, 6, 0, 6, 0, 0, SENSOR_STEP, 0)
  record[47] = 0xc0 | name.length
  return [...record, ...Buffer.from(name)]
}

/** ipmi_sim with one controller and one user, which shows its power by DCMI, or by a sensor alone. */
export async function startIpmi(
  programs: IpmiPrograms,
  folder: string,
  by: 'dcmi' | 'sensor' = 'dcmi',
): Promise<Simulator> {
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
      ...(by === 'dcmi' ? [`loadlib "${programs.module}" "${watts}"`] : []),
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
    [
      'mc_setbmc 0x20',
      'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr',
      ...(by === 'dcmi'
        ? []
        : [
            `main_sdr_add 0x20 ${sensorRecord().join(' ')}`,
            `sensor_add 0x20 0 ${SENSOR} 0x0b 0x01 poll 250 file "${watts}" div=${SENSOR_STEP}`,
            `sensor_set_event_support 0x20 0 ${SENSOR} disable scanning none ${'0'.repeat(15)} ${'0'.repeat(15)} ${'0'.repeat(15)} ${'0'.repeat(15)}`,
          ]),
      'mc_enable 0x20',
      '',
    ].join('\n'),
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

/** The controller of this machine itself, through the kernel's driver (/dev/ipmi0) and an installed tool. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ControlledHost, type Controller, ControllerError } from '../host/controller.ts'
import { wattsPrinted } from './dcmi.ts'

interface Tool {
  readonly name: string
  readonly parameters: readonly string[]
}

/** Tools in order of preference. */
const TOOLS: readonly Tool[] = [
  { name: 'ipmitool', parameters: ['dcmi', 'power', 'reading'] },
  { name: 'ipmi-dcmi', parameters: ['--get-system-power-statistics'] },
]
const DEVICES = ['ipmi0', 'ipmi/0', 'ipmidev/0']
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** The installed tool, with its path; undefined if there is none. */
export function findIpmiTool(
  folders: readonly string[] = foldersOf(process.env['PATH']),
): string | undefined {
  for (const { name } of TOOLS) {
    const found = folders.map(folder => join(folder, name)).find(path => existsSync(path))
    if (found !== undefined) return found
  }
  return undefined
}

/** A service's search path often lacks the folders of system tools. */
const foldersOf = (path = ''): string[] => [...new Set([...path.split(':').filter(Boolean), ...FOLDERS])]

/** The driver's device, below `dev`; undefined if the driver is not loaded or the machine has no controller. */
export const findIpmiDevice = (dev = '/dev'): string | undefined =>
  DEVICES.map(name => join(dev, name)).find(path => existsSync(path))

/** @param tool a path from `findIpmiTool` */
export function localController(tool: string, host: ControlledHost): Controller {
  const name = tool.slice(tool.lastIndexOf('/') + 1)
  const parameters = TOOLS.find(one => one.name === name)?.parameters ?? []
  return {
    name: `${name} on this machine`,
    source: 'ipmi:local',
    async read(signal) {
      const watts = wattsPrinted(await outputOf(tool, parameters, signal))
      return [{ host, milliwatts: BigInt(watts) * 1000n }]
    },
    close: async () => {},
  }
}

function outputOf(tool: string, parameters: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { signal, killSignal: 'SIGKILL', maxBuffer: 65_536, env: { LC_ALL: 'C' } } as const
    execFile(tool, [...parameters], options, (error, output, complaint) => {
      if (error === null) {
        resolve(output)
        return
      }
      if (signal.aborted) {
        reject(new ControllerError('unreachable', `${tool} did not end in time.`, { cause: error }))
        return
      }
      const said = complaint.trim().split('\n')[0] || error.message
      const isDenied = /permission|could not open device/i.test(said)
      const remedy = isDenied ? ' Load `modprobe ipmi_devintf ipmi_si` and run as root.' : ''
      const kind = isDenied || /dcmi|invalid command/i.test(said) ? 'unsupported' : 'invalid'
      reject(new ControllerError(kind, `${tool} failed: ${said.slice(0, 200)}.${remedy}`, { cause: error }))
    })
  })
}
